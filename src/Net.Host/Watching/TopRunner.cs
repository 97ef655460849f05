using System.Globalization;
using System.Text;
using System.Text.Json;
using Net.Channels;
using Net.Hosting.Serving;

namespace Net.Hosting.Watching;

/// <summary>Runs <c>net top</c>.</summary>
internal sealed class TopRunner(HostContext context, TopOptions options)
{
    private const int WidthWithoutTerminal = 200;
    private const string Keys = "q quit   sort: n name  h health  t RTT  l loss  f in flight  r rate  a as added, again: reversed   c connections";

    private ChannelsDocument? _last;
    private TopReport? _report;
    private string? _trouble;

    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var signals = new ShutdownSignals();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop, cancellationToken);
        TopSource source = options.Targets.Count > 0
            ? await OwnTopSource.OpenAsync(context, options).ConfigureAwait(false)
            : new HttpTopSource(options.Url, options.Timeout, context.TimeProvider);
        await using (source.ConfigureAwait(false))
        {
            if (options.Once || options.Json || context.Terminal is not { } terminal)
            {
                await PrintAsync(source, stop.Token).ConfigureAwait(false);
                return ExitCodes.Ok;
            }

            // An address that is wrong from the start is told as an error, not on a screen.
            Take(source, await source.ReadAsync(stop.Token).ConfigureAwait(false));
            using (terminal)
            {
                terminal.Open();
                await ShowAsync(source, terminal, stop.Token).ConfigureAwait(false);
            }

            return ExitCodes.Ok;
        }
    }

    private void Take(TopSource source, ChannelsDocument document)
    {
        _report = TopReport.From(source.Name, _last, document);
        _last = document;
        _trouble = null;
    }

    // Twice, as one answer has no rates.
    private async Task PrintAsync(TopSource source, CancellationToken cancellationToken)
    {
        Take(source, await source.ReadAsync(cancellationToken).ConfigureAwait(false));
        await Task.Delay(options.Interval, context.TimeProvider, cancellationToken).ConfigureAwait(false);
        Take(source, await source.ReadAsync(cancellationToken).ConfigureAwait(false));
        if (options.Json)
        {
            await context.Output.WriteLineAsync(JsonSerializer.Serialize(_report!, TopJson.Default.TopReport)).ConfigureAwait(false);
            return;
        }

        foreach (TopLine line in TopScreen.Draw(_report!, new TopView { ShowsConnections = true }, WidthWithoutTerminal))
        {
            await context.Output.WriteLineAsync(line.Text).ConfigureAwait(false);
        }
    }

    private async Task ShowAsync(TopSource source, LiveTerminal terminal, CancellationToken cancellationToken)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        TopView view = new();
        Task<ConsoleKeyInfo?> key = terminal.ReadKeyAsync(end.Token);
        Task pause = PauseAsync(end.Token);
        Task<ChannelsDocument>? answer = null;
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                terminal.Write(Compose(view, terminal.Size));
                await Task.WhenAny(key, answer ?? pause).ConfigureAwait(false);
                if (key.IsCompleted)
                {
                    ConsoleKeyInfo? pressed = await key.ConfigureAwait(false);
                    if ((pressed is { } known ? view.Press(known) : view) is not { } next)
                    {
                        return;
                    }

                    view = next;
                    key = terminal.ReadKeyAsync(end.Token);
                }
                else if (answer is null)
                {
                    answer = source.ReadAsync(end.Token);
                }
                else
                {
                    await TakeAsync(source, answer).ConfigureAwait(false);
                    answer = null;
                    pause = PauseAsync(end.Token);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // A signal ends it as q does.
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(key, pause, answer ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task PauseAsync(CancellationToken cancellationToken) => Task.Delay(options.Interval, context.TimeProvider, cancellationToken);

    private async Task TakeAsync(TopSource source, Task<ChannelsDocument> answer)
    {
        try
        {
            Take(source, await answer.ConfigureAwait(false));
        }
        catch (HostException exception)
        {
            // What was known last stays on the screen, and it is asked again: programs are started anew while they are watched.
            _trouble ??= string.Create(CultureInfo.InvariantCulture, $"Since {context.TimeProvider.GetLocalNow():HH:mm:ss}: {exception.Message.Replace('\n', ' ')}");
        }
    }

    private string Compose(TopView view, (int Width, int Height) size)
    {
        bool hasColours = context.GetEnvironmentVariable("NO_COLOR") is null or "";
        List<TopLine> lines = [];
        if (_trouble is not null)
        {
            lines.Add(new TopLine(_trouble.Length <= size.Width ? _trouble : _trouble[..size.Width], TopTone.Bad));
        }

        lines.AddRange(TopScreen.Draw(_report!, view, size.Width));
        int room = Math.Max(1, size.Height - 1);
        bool isCut = lines.Count > room;
        var text = new StringBuilder("\e[H");
        foreach (TopLine line in lines.Take(isCut ? Math.Max(1, room - 1) : room))
        {
            Append(text, line, hasColours).Append("\e[K\r\n");
        }

        string foot = isCut ? string.Create(CultureInfo.InvariantCulture, $"... {lines.Count - room + 1} more lines; ") + Keys : Keys;
        Append(text, new TopLine(foot.Length <= size.Width ? foot : foot[..size.Width], TopTone.Faint), hasColours);
        return text.Append("\e[K\e[J").ToString();
    }

    private static StringBuilder Append(StringBuilder text, TopLine line, bool hasColours)
    {
        string code = !hasColours ? "" : line.Tone switch
        {
            TopTone.Title => "1",
            TopTone.Heading => "7",
            TopTone.Faint => "2",
            TopTone.Warning => "33",
            TopTone.Bad => "31",
            _ => "",
        };
        return code.Length == 0 ? text.Append(line.Text) : text.Append("\e[").Append(code).Append('m').Append(line.Text).Append("\e[0m");
    }
}
