using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Net.Chaos.Api;
using Net.Chaos.Proxy;

namespace Net.Chaos.CommandLine;

/// <summary>Asks the API of a running proxy.</summary>
internal sealed class ApiClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly HttpClient _client;
    private readonly string _host;

    internal ApiClient(string host)
    {
        if (!HostPort.TryParse(host, out _))
        {
            throw ChaosException.BadBody($"host '{host}' is not host:port");
        }

        _host = host;
        _client = new HttpClient { BaseAddress = new Uri($"http://{host}/"), Timeout = Patience };
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("net-chaos");
    }

    internal static string Escape(string name) => Uri.EscapeDataString(name);

    /// <summary>Sends a request.</summary>
    /// <returns>The answer's JSON; <c>default</c> when it has no body.</returns>
    /// <exception cref="ChaosException">The API refused; the message is its own.</exception>
    /// <exception cref="HttpRequestException">Nobody answers; the message says where.</exception>
    internal async Task<JsonElement> SendAsync(HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        byte[] answer;
        int status;
        try
        {
            using HttpResponseMessage response = await _client.SendAsync(request, cancellationToken).ConfigureAwait(false);
            answer = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            status = (int)response.StatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new HttpRequestException($"no answer from {_host}: {exception.Message} Is 'net-chaos proxy' running there?", exception);
        }

        if (status < 300)
        {
            return answer.Length == 0 ? default : ApiJson.Parse(answer);
        }

        throw new ChaosException(
            Enum.IsDefined((ChaosError)status) ? (ChaosError)status : ChaosError.Failed,
            answer is [(byte)'{', ..] ? ApiJson.Text(ApiJson.ParseObject(answer), "error") ?? "refused" : $"{_host} answered {status}");
    }

    public void Dispose() => _client.Dispose();
}
