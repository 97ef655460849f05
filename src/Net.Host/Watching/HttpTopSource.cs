using System.Globalization;
using System.Net;
using System.Text.Json;
using Net.Channels;

namespace Net.Hosting.Watching;

/// <summary>A running program that serves <see cref="ChannelsReport"/> over HTTP.</summary>
internal sealed class HttpTopSource : TopSource
{
    // Some ten thousand connections.
    private const int MaxAnswerBytes = 16 << 20;

    private readonly HttpClient _http;
    private readonly Uri _url;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _timeProvider;

    internal HttpTopSource(Uri url, TimeSpan timeout, TimeProvider timeProvider)
    {
        _url = url.AbsolutePath == "/" ? new Uri(url, ChannelsReport.Path) : url;
        _timeout = timeout;
        _timeProvider = timeProvider;
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
    }

    internal override string Name => _url.ToString();

    internal override async Task<ChannelsDocument> ReadAsync(CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(_timeout, _timeProvider);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        try
        {
            using HttpResponseMessage response = await _http.GetAsync(_url, limit.Token).ConfigureAwait(false);
            byte[] body = await response.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => Parse(body),
                HttpStatusCode.NotFound => throw new HostException(
                    ExitCodes.Failure, $"{_url} does not exist; the program there must serve ChannelsReport.ToJson() under {ChannelsReport.Path}, as `net serve --admin` does."),
                _ => throw new HostException(ExitCodes.Failure, string.Create(CultureInfo.InvariantCulture, $"{_url} answers with status {(int)response.StatusCode}.")),
            };
        }
        catch (HttpRequestException exception)
        {
            throw new HostException(ExitCodes.Failure, $"{_url} does not answer: {exception.Message} Does the program run, and is this the address of its diagnostics?", exception);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HostException(ExitCodes.Failure, string.Create(CultureInfo.InvariantCulture, $"{_url} did not answer within {_timeout.TotalSeconds:0.###} s (--timeout)."), exception);
        }
    }

    public override ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private ChannelsDocument Parse(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, ChannelsJson.Default.ChannelsDocument) ?? throw new JsonException("It is null.");
        }
        catch (JsonException exception)
        {
            throw new HostException(ExitCodes.Failure, $"What {_url} answers is no report of channels: {exception.Message}", exception);
        }
    }
}
