using System.Net;
using System.Text;
using System.Text.Json;
using Net.Chaos.Proxy;

namespace Net.Chaos.Api;

/// <summary>toxiproxy's HTTP API, and what UDP and QUIC need beyond it: a request becomes an answer, without a server.</summary>
internal sealed class ChaosApi(ChaosProxySet proxies, bool hasMetrics)
{
    /// <summary>Release of toxiproxy whose API this is; clients ask for it. What follows the plus names this program (semver.org, section 10).</summary>
    internal const string Version = "2.12.0+net-chaos";

    /// <summary>Answers a request.</summary>
    /// <param name="method">GET, POST and so on.</param>
    /// <param name="path">The path, decoded.</param>
    /// <param name="userAgent">The client's name.</param>
    /// <param name="body">The body.</param>
    /// <param name="cancellationToken">The client has gone.</param>
    internal async Task<ApiAnswer> AnswerAsync(string method, string path, string userAgent, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        Func<Task<ApiAnswer>>? route = Route(method, path.Split('/'), body, cancellationToken, out bool isKnown);
        if (!isKnown)
        {
            return ApiAnswer.NotFound;
        }

        if (userAgent.StartsWith("Mozilla/", StringComparison.Ordinal))
        {
            // No page in a browser may break a service through a proxy that listens on this machine.
            return ApiAnswer.Plain(403, "User agent not allowed");
        }

        try
        {
            return route is null ? ApiAnswer.WrongMethod : await route().ConfigureAwait(false);
        }
        catch (ChaosException exception)
        {
            return ApiAnswer.OfError(exception);
        }
    }

    private Func<Task<ApiAnswer>>? Route(string method, string[] path, ReadOnlyMemory<byte> body, CancellationToken cancellationToken, out bool isKnown)
    {
        isKnown = true;
        switch (path)
        {
            case ["", "proxies"]:
                return method switch
                {
                    "GET" => () => Task.FromResult(ListProxies()),
                    "POST" => () => CreateProxyAsync(body, cancellationToken),
                    _ => null,
                };
            case ["", "populate"]:
                return method == "POST" ? () => PopulateAsync(body, cancellationToken) : null;
            case ["", "reset"]:
                return method == "POST" ? () => ResetAsync(cancellationToken) : null;
            case ["", "version"]:
                return method == "GET" ? static () => Task.FromResult(ApiAnswer.OfJson(Encoding.UTF8.GetBytes($"{{\"version\": \"{Version}\"}}\n"), contentType: "application/json;charset=utf-8")) : null;
            case ["", "metrics"] when hasMetrics:
                return method == "GET" ? () => Task.FromResult(new ApiAnswer(200, MetricsText.ContentType, Encoding.UTF8.GetBytes(MetricsText.Write(proxies.All)))) : null;
            case ["", "toxic-types"]:
                return method == "GET" ? static () => Task.FromResult(ApiAnswer.OfJson(ApiJson.Write(ApiJson.WriteTypes))) : null;
            case ["", "proxies", { Length: > 0 } name]:
                return method switch
                {
                    "GET" => () => Task.FromResult(OfProxy(proxies.Find(name))),
                    "POST" or "PATCH" => () => UpdateProxyAsync(name, body, cancellationToken),
                    "DELETE" => () => DeleteProxyAsync(name),
                    _ => null,
                };
            case ["", "proxies", { Length: > 0 } name, "toxics"]:
                return method switch
                {
                    "GET" => () => Task.FromResult(ListToxics(name)),
                    "POST" => () => CreateToxicAsync(name, body),
                    _ => null,
                };
            case ["", "proxies", { Length: > 0 } name, "toxics", { Length: > 0 } toxic]:
                return method switch
                {
                    "GET" => () => Task.FromResult(OfToxic(proxies.Find(name).FindToxic(toxic))),
                    "POST" or "PATCH" => () => UpdateToxicAsync(name, toxic, body),
                    "DELETE" => () => DeleteToxicAsync(name, toxic),
                    _ => null,
                };
            case ["", "proxies", { Length: > 0 } name, "sessions"]:
                return method == "GET" ? () => ListSessionsAsync(name) : null;
            case ["", "proxies", { Length: > 0 } name, "rebind"]:
                return method == "POST" ? () => RebindAsync(name, body) : null;
            default:
                isKnown = false;
                return null;
        }
    }

    private static ApiAnswer OfProxy(ChaosProxy proxy, int status = 200) => ApiAnswer.OfJson(ApiJson.Write(w => ApiJson.WriteProxy(w, proxy)), status);

    private static ApiAnswer OfToxic(Toxic toxic) => ApiAnswer.OfJson(ApiJson.Write(toxic.Write));

    private ApiAnswer ListProxies() => ApiAnswer.OfJson(ApiJson.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (ChaosProxy proxy in proxies.All)
        {
            writer.WritePropertyName(proxy.Name);
            ApiJson.WriteProxy(writer, proxy);
        }

        writer.WriteEndObject();
    }));

    private ApiAnswer ListToxics(string name)
    {
        ChaosProxy proxy = proxies.Find(name);
        return ApiAnswer.OfJson(ApiJson.Write(w => ApiJson.WriteToxics(w, proxy.Toxics)));
    }

    private async Task<ApiAnswer> CreateProxyAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        OfProxy(await proxies.AddAsync(ApiJson.ReadProxy(ApiJson.ParseObject(body)), cancellationToken).ConfigureAwait(false), 201);

    private async Task<ApiAnswer> UpdateProxyAsync(string name, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        ChaosProxy proxy = proxies.Find(name);
        JsonElement json = ApiJson.ParseObject(body);
        await proxy.UpdateAsync(ApiJson.Text(json, "listen"), ApiJson.Text(json, "upstream"), ApiJson.Flag(json, "enabled"), cancellationToken).ConfigureAwait(false);
        return OfProxy(proxy);
    }

    private async Task<ApiAnswer> DeleteProxyAsync(string name)
    {
        await proxies.RemoveAsync(name).ConfigureAwait(false);
        return ApiAnswer.Nothing;
    }

    private async Task<ApiAnswer> PopulateAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        List<ChaosProxy> done = [];
        ChaosException? failure = null;
        try
        {
            await proxies.PopulateAsync(ReadList(body), done, cancellationToken).ConfigureAwait(false);
        }
        catch (ChaosException exception)
        {
            failure = exception;
        }

        byte[] answer = ApiJson.Write(writer =>
        {
            writer.WriteStartObject();
            if (failure is not null)
            {
                writer.WriteString("error", failure.Message);
                writer.WriteNumber("status", (int)failure.Error);
            }

            writer.WritePropertyName("proxies");
            ApiJson.WriteProxies(writer, done);
            writer.WriteEndObject();
        });
        return ApiAnswer.OfJson(answer, failure is null ? 201 : (int)failure.Error);
    }

    /// <summary>Reads a list of proxies, as the configuration file has it, too. All are checked before any is made.</summary>
    internal static IReadOnlyList<ChaosProxyOptions> ReadList(ReadOnlyMemory<byte> body)
    {
        JsonElement json = ApiJson.Parse(body);
        return json.ValueKind == JsonValueKind.Array
            ? [.. json.EnumerateArray().Select(static (one, i) => one.ValueKind == JsonValueKind.Object ? ApiJson.ReadProxy(one, $" at proxy {i + 1}") : throw ChaosException.BadBody($"proxy {i + 1} is no object"))]
            : throw ChaosException.BadBody("a list of proxies is expected");
    }

    private async Task<ApiAnswer> ResetAsync(CancellationToken cancellationToken)
    {
        await proxies.ResetAsync(cancellationToken).ConfigureAwait(false);
        return ApiAnswer.Nothing;
    }

    private async Task<ApiAnswer> CreateToxicAsync(string name, ReadOnlyMemory<byte> body)
    {
        ChaosProxy proxy = proxies.Find(name);
        return OfToxic(await ProxyFile.AddAsync(proxy, ApiJson.ParseObject(body)).ConfigureAwait(false));
    }

    private async Task<ApiAnswer> UpdateToxicAsync(string name, string toxic, ReadOnlyMemory<byte> body)
    {
        ChaosProxy proxy = proxies.Find(name);
        _ = proxy.FindToxic(toxic);
        JsonElement json = ApiJson.ParseObject(body);
        return OfToxic(await proxy.UpdateToxicAsync(toxic, ApiJson.Find(json, "attributes"), (float?)ApiJson.Number(json, "toxicity")).ConfigureAwait(false));
    }

    private async Task<ApiAnswer> DeleteToxicAsync(string name, string toxic)
    {
        await proxies.Find(name).RemoveToxicAsync(toxic).ConfigureAwait(false);
        return ApiAnswer.Nothing;
    }

    private async Task<ApiAnswer> ListSessionsAsync(string name)
    {
        IReadOnlyList<SessionView> sessions = await proxies.Find(name).ListSessionsAsync().ConfigureAwait(false);
        return ApiAnswer.OfJson(ApiJson.Write(w => ApiJson.WriteSessions(w, sessions)));
    }

    private async Task<ApiAnswer> RebindAsync(string name, ReadOnlyMemory<byte> body)
    {
        ChaosProxy proxy = proxies.Find(name);
        IPAddress? address = null;
        if (!body.IsEmpty && ApiJson.Text(ApiJson.ParseObject(body), "address") is { Length: > 0 } text && !IPAddress.TryParse(text, out address))
        {
            throw ChaosException.BadBody($"address is '{text}'; it must be an IP address, such as 127.0.0.2");
        }

        int count = await proxy.RebindAsync(address).ConfigureAwait(false);
        return ApiAnswer.OfJson(ApiJson.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("sessions", count);
            writer.WriteEndObject();
        }));
    }
}
