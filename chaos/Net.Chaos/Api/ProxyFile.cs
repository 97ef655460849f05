using System.Text.Json;
using Net.Chaos.Proxy;

namespace Net.Chaos.Api;

/// <summary>The configuration file: what <c>/populate</c> takes, and for each proxy a list of toxics if wanted.</summary>
internal static class ProxyFile
{
    /// <summary>Adds the proxies of a file, and their toxics.</summary>
    /// <exception cref="ChaosException">The file makes no sense; the message names it.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal static async Task LoadAsync(ChaosProxySet proxies, string file, CancellationToken cancellationToken)
    {
        byte[] bytes = await File.ReadAllBytesAsync(file, cancellationToken).ConfigureAwait(false);
        try
        {
            IReadOnlyList<ChaosProxyOptions> options = ChaosApi.ReadList(bytes);
            await proxies.PopulateAsync(options, [], cancellationToken).ConfigureAwait(false);
            foreach (JsonElement json in ApiJson.Parse(bytes).EnumerateArray())
            {
                if (ApiJson.Find(json, "toxics") is not { ValueKind: not JsonValueKind.Null } toxics)
                {
                    continue;
                }

                ChaosProxy proxy = proxies.Find(ApiJson.Text(json, "name")!);
                foreach (JsonElement toxic in toxics.ValueKind == JsonValueKind.Array ? toxics.EnumerateArray() : throw ChaosException.BadBody($"toxics of {proxy.Name} must be a list"))
                {
                    await AddAsync(proxy, toxic).ConfigureAwait(false);
                }
            }
        }
        catch (ChaosException exception)
        {
            throw new ChaosException(exception.Error, $"{file}: {exception.Message}", exception);
        }
    }

    /// <summary>Adds a toxic as JSON describes it.</summary>
    internal static Task<Toxic> AddAsync(ChaosProxy proxy, JsonElement toxic)
    {
        if (toxic.ValueKind != JsonValueKind.Object)
        {
            throw ChaosException.BadBody("a toxic must be an object");
        }

        ToxicStream stream = StreamNames.Parse(ApiJson.Text(toxic, "stream") ?? "downstream");
        float toxicity = (float)(ApiJson.Number(toxic, "toxicity") ?? 1);
        return proxy.AddToxicAsync(ApiJson.Text(toxic, "type") ?? "", ApiJson.Text(toxic, "name"), stream, toxicity, ApiJson.Find(toxic, "attributes"));
    }
}
