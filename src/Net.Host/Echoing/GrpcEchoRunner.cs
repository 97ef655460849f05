using System.Globalization;
using System.Text;
using System.Text.Json;
using Net.Grpc;
using Net.Hosting.Benchmarking;
using Net.Hosting.Calling;
using Net.Hosting.Serving;
using Net.Hosting.Services;
using Net.Protocol.Echo;

namespace Net.Hosting.Echoing;

/// <summary>Runs <c>net echo --protocol grpc</c>.</summary>
internal sealed class GrpcEchoRunner(HostContext context, EchoOptions options)
{
    private const int MaxTextShown = 4096;
    private const int MaxLinesShown = 20;

    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var signals = new ShutdownSignals();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop, cancellationToken);
        string text = ToText(await options.Payload.ReadAsync(context, stop.Token).ConfigureAwait(false));
        CallChannel channel = await CallChannel.OpenAsync(context, options.Target).ConfigureAwait(false);
        await using (channel.ConfigureAwait(false))
        {
            var latencies = new LatencyHistogram();
            TimeSpan first = default;
            for (int i = 1; i <= options.Count; i++)
            {
                TimeSpan time = await EchoAsync(channel.Client, text, stop.Token).ConfigureAwait(false);
                first = i == 1 ? time : first;
                latencies.Record(time);
                if (!options.Json && i <= MaxLinesShown)
                {
                    await context.Output.WriteLineAsync(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{i}: {text.Length} characters in {time.TotalMilliseconds:0.000} ms over {channel.Via}{(i == 1 ? ", connecting included" : "")}{Shown(text)}")).ConfigureAwait(false);
                }
            }

            if (options.Json)
            {
                await WriteAsync(channel, text, first, latencies).ConfigureAwait(false);
            }
        }

        return ExitCodes.Ok;
    }

    private async Task<TimeSpan> EchoAsync(GrpcClient client, string text, CancellationToken cancellationToken)
    {
        long started = context.TimeProvider.GetTimestamp();
        EchoResponse response;
        try
        {
            response = await client.UnaryAsync(
                EchoMethods.Echo, new EchoRequest { Payload = text, Timestamp = context.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds() }, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (GrpcException exception)
        {
            throw HostErrors.CallFailed(exception, options.Target.EndPoint);
        }

        TimeSpan time = context.TimeProvider.GetElapsedTime(started);
        return response.Payload == text ? time : throw new HostException(ExitCodes.Failure, "Another text came back than was sent; this service does not echo.");
    }

    private async Task WriteAsync(CallChannel channel, string text, TimeSpan first, LatencyHistogram latencies)
    {
        var document = new EchoReport
        {
            EndPoint = options.Target.EndPoint.ToString(),
            Engine = channel.Via,
            Route = EchoMethods.Echo.FullName,
            Bytes = Encoding.UTF8.GetByteCount(text),
            ConnectMilliseconds = first.TotalMilliseconds,
            CipherSuite = null,
            ServerCertificate = null,
            Answer = text.Length <= MaxTextShown ? text : null,
            RoundTrips = LatencyReport.From(latencies),
        };
        await context.Output.WriteLineAsync(JsonSerializer.Serialize(document, HostJson.Default.EchoReport)).ConfigureAwait(false);
    }

    private static string ToText(byte[] payload) => System.Text.Unicode.Utf8.IsValid(payload)
        ? Encoding.UTF8.GetString(payload)
        : throw new HostException(ExitCodes.Usage, "These bytes are no UTF-8 text, and the echo over gRPC carries text; --protocol raw carries any bytes.");

    private static string Shown(string text)
    {
        string shown = text.TrimEnd('\r', '\n');
        return shown.Length > MaxTextShown || shown.Any(static character => char.IsControl(character) && character is not ('\n' or '\t')) ? "" : ": " + shown;
    }
}
