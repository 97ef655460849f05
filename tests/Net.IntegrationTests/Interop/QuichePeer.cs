using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Net.IntegrationTests.Interop;

/// <summary>A Node process that runs one of the quiche scripts in tests/peers/quiche and tells by JSON lines what happens.</summary>
internal sealed class QuichePeer : IAsyncDisposable
{
    private readonly PeerProcess _process;

    private QuichePeer(PeerProcess process) => _process = process;

    public string Everything => _process.Everything;

    /// <summary>Where a server listens.</summary>
    public IPEndPoint EndPoint { get; private init; } = null!;

    /// <summary>Starts a server and waits until it listens.</summary>
    public static async Task<QuichePeer> StartServerAsync(InteropCertificates certificates, IPAddress address, JsonObject? options = null, string identity = "server", string trust = "ca")
    {
        options ??= [];
        options["host"] = address.ToString();
        PeerProcess process = Start("server.js", certificates, identity, trust, options);
        try
        {
            JsonElement ready = await TakeAsync(process, "ready");
            return new QuichePeer(process) { EndPoint = new IPEndPoint(address, ready.GetProperty("port").GetInt32()) };
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a client that runs one scenario against a server on this machine.</summary>
    /// <param name="identity">The certificate to show, or <c>null</c> for none.</param>
    public static QuichePeer StartClient(
        InteropCertificates certificates, IPEndPoint server, string scenario, JsonObject? options = null, string? identity = "client", string trust = "ca")
    {
        options ??= [];
        options["host"] = server.Address.ToString();
        options["port"] = server.Port;
        options["scenario"] = scenario;
        return new QuichePeer(Start("client.js", certificates, identity, trust, options));
    }

    /// <summary>Waits for an event of the server's, or of the application that a client serves.</summary>
    public Task<JsonElement> TakeAsync(string name) => TakeAsync(_process, name);

    /// <summary>Ends the input of a client that waits for it.</summary>
    public void EndInput() => _process.EndInput();

    /// <summary>Waits until a client's scenario is over and expects that all was well.</summary>
    /// <returns>What it saw.</returns>
    public async Task<JsonElement> FinishAsync()
    {
        int exitCode = await _process.WaitForExitAsync();
        Assert.AreEqual(0, exitCode, _process.Everything);
        return await TakeAsync("done");
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static PeerProcess Start(string script, InteropCertificates certificates, string? identity, string trust, JsonObject? options)
    {
        options ??= [];
        options["alpn"] ??= StreamApplication.Protocol;
        options["ca"] = certificates.PathOf(trust);
        if (identity is not null)
        {
            options["cert"] = certificates.PathOf(identity);
            options["key"] = certificates.KeyPathOf(identity);
        }

        return PeerProcess.Start("node", [script, options.ToJsonString()], InteropRequirement.QuicheDirectory);
    }

    private static async Task<JsonElement> TakeAsync(PeerProcess process, string name)
    {
        JsonElement found = default;
        await process.TakeLineAsync(
            line =>
            {
                found = JsonDocument.Parse(line).RootElement;
                return found.GetProperty("event").GetString() == name;
            },
            $"the event '{name}'");
        return found;
    }
}
