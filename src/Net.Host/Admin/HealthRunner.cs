using System.Globalization;
using System.Net;
using System.Text.Json;
using Net.Hosting.Calling;
using Net.Hosting.Serving;

namespace Net.Hosting.Admin;

/// <summary>Runs <c>net health</c>.</summary>
internal sealed class HealthRunner(HostContext context, HealthOptions options)
{
    private const int MaxAnswerBytes = 64 << 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (options.Credential is not null && options.Url.Scheme != Uri.UriSchemeHttps && !options.Url.IsLoopback)
        {
            throw new HostException(
                ExitCodes.Usage, $"The credential (--token, --api-key) is not sent to {options.Url} over plain HTTP, where others could read it. Ask over https, or on the server's own machine.");
        }

        using var signals = new ShutdownSignals();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop, cancellationToken);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
        Uri url = options.Url.AbsolutePath == "/" ? new Uri(options.Url, "/health") : options.Url;
        long started = context.TimeProvider.GetTimestamp();
        HealthAnswer answer = await AskAsync(http, url, stop.Token).ConfigureAwait(false);
        while (!answer.IsHealthy && context.TimeProvider.GetElapsedTime(started) < options.Wait)
        {
            await Task.Delay(Pause, context.TimeProvider, stop.Token).ConfigureAwait(false);
            answer = await AskAsync(http, url, stop.Token).ConfigureAwait(false);
        }

        if (!options.Quiet)
        {
            await WriteAsync(answer).ConfigureAwait(false);
        }

        return answer.IsHealthy ? ExitCodes.Ok : ExitCodes.Failure;
    }

    private async Task<HealthAnswer> AskAsync(HttpClient http, Uri url, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Timeout);
        long started = context.TimeProvider.GetTimestamp();
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            if (options.Credential is { } credential)
            {
                request.Headers.TryAddWithoutValidation(BearerCredential.MetadataName, credential.Header);
            }

            using HttpResponseMessage response = await http.SendAsync(request, limit.Token).ConfigureAwait(false);
            string text = await response.Content.ReadAsStringAsync(limit.Token).ConfigureAwait(false);
            HealthReport? report = Read(response, text);
            bool isHealthy = response.IsSuccessStatusCode && report is null or { Status: HealthReport.Serving };
            return new HealthAnswer
            {
                Url = url.ToString(),
                IsHealthy = isHealthy,
                HttpStatus = (int)response.StatusCode,
                Milliseconds = Math.Round(context.TimeProvider.GetElapsedTime(started).TotalMilliseconds, 3),
                Server = report,
                Reason = isHealthy ? null
                    : report is not null ? $"It says that it is {report.Status}."
                    : response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
                        ? $"It answers with status {(int)response.StatusCode}: {(options.Credential is null ? "say who asks with --token or --api-key." : "the credential is not accepted there.")}"
                    : $"It answers with status {(int)response.StatusCode}.",
            };
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            string reason = exception is HttpRequestException ? exception.Message : $"It did not answer within {options.Timeout.TotalSeconds:0.###} s (--timeout).";
            return new HealthAnswer { Url = url.ToString(), IsHealthy = false, Reason = $"{reason} Is a server running there? `net serve --admin ADDRESS:PORT` says where it answers." };
        }
    }

    private static HealthReport? Read(HttpResponseMessage response, string text)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/json")
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(text, HostJson.Default.HealthReport);
        }
        catch (JsonException)
        {
            // Another program's health has a form of its own; its status counts.
            return null;
        }
    }

    private async Task WriteAsync(HealthAnswer answer)
    {
        if (options.Json)
        {
            await context.Output.WriteLineAsync(JsonSerializer.Serialize(answer, HostJson.Default.HealthAnswer)).ConfigureAwait(false);
        }
        else if (answer.IsHealthy)
        {
            string server = answer.Server is { } report
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $": net {report.Version}, {(report.Engine is null ? "no QUIC engine, TCP only" : "engine " + report.Engine)}, up {report.UptimeSeconds:0} s, {report.CallsInFlight} calls and {report.StreamsInFlight} streams in flight")
                : "";
            await context.Output.WriteLineAsync($"{answer.Url} is healthy{server}").ConfigureAwait(false);
        }
        else
        {
            await context.Error.WriteLineAsync($"net: {answer.Url} is not healthy. {answer.Reason}").ConfigureAwait(false);
        }
    }
}
