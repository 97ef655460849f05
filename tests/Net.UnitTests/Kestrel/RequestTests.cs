using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Net.Server.Kestrel;

namespace Net.UnitTests.Kestrel;

/// <summary>Requests and responses of HTTP/3 through Kestrel, byte by byte.</summary>
[TestClass]
public sealed class RequestTests
{
    [TestMethod]
    public async Task Get_AMinimalApi_IsAnswered()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapGet("/hello/{name}", static (string name) => $"Hello, {name}"));
        await using Http3Peer peer = await site.ConnectAsync();

        Http3Response response = await peer.GetAsync("/hello/world");

        Assert.AreEqual(200, response.Status);
        Assert.AreEqual("Hello, world", response.Text);
    }

    [TestMethod]
    public async Task Post_TenMegabytes_ComeBackAsTheyWere()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapPost("/echo", static async context =>
        {
            await context.Request.Body.CopyToAsync(context.Response.Body);
        }));
        await using Http3Peer peer = await site.ConnectAsync();
        byte[] body = RandomNumberGenerator.GetBytes(10 << 20);

        Http3Exchange exchange = await peer.BeginAsync("POST", "/echo");
        Task<Http3Response> reading = exchange.ReadResponseAsync();
        foreach (byte[] piece in body.Chunk(100_003))
        {
            await exchange.SendDataAsync(piece);
        }

        await exchange.Stream.Output.CompleteAsync();
        Http3Response response = await reading;

        Assert.AreEqual(200, response.Status);
        CollectionAssert.AreEqual(SHA256.HashData(body), SHA256.HashData(response.Body), $"{response.Body.Length} of {body.Length} bytes came, or other ones");
    }

    [TestMethod]
    public async Task Trailers_BothWays_AreCarried()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapPost("/trailers", static async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            string body = await reader.ReadToEndAsync();
            context.Response.DeclareTrailer("x-answer");
            await context.Response.WriteAsync(body);
            context.Response.AppendTrailer("x-answer", context.Request.GetTrailer("x-question") + "!");
        }));
        await using Http3Peer peer = await site.ConnectAsync();

        Http3Exchange exchange = await peer.BeginAsync("POST", "/trailers");
        await exchange.SendDataAsync("body");
        await exchange.SendAsync(Http3Bytes.Fields(("x-question", "why")), end: true);
        Http3Response response = await exchange.ReadResponseAsync();

        Assert.AreEqual("body", response.Text);
        Assert.AreEqual("why!", response.Trailers!["x-answer"]);
    }

    [TestMethod]
    public async Task Streaming_BothWaysInTurns_IsNotHeldBack()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapPost("/lines", static async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            while (await reader.ReadLineAsync() is string line)
            {
                await context.Response.WriteAsync(line.ToUpperInvariant());
                await context.Response.Body.FlushAsync();
            }
        }));
        await using Http3Peer peer = await site.ConnectAsync();

        Http3Exchange exchange = await peer.BeginAsync("POST", "/lines");
        foreach (string line in (string[])["one", "two", "three"])
        {
            await exchange.SendDataAsync(line + "\n");
            if (line == "one")
            {
                await exchange.ReadHeadersAsync();
            }

            (long type, byte[] payload) = (await exchange.ReadFrameAsync())!.Value;
            Assert.AreEqual(Http3Bytes.Data, type);
            Assert.AreEqual(line.ToUpperInvariant(), System.Text.Encoding.UTF8.GetString(payload));
        }

        await exchange.Stream.Output.CompleteAsync();
        Assert.IsNull(await exchange.ReadFrameAsync());
    }

    [TestMethod]
    public async Task Requests_ManyAtOnce_AreAllAnswered()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapGet("/number/{n}", static (int n) => n));
        await using Http3Peer peer = await site.ConnectAsync();

        Http3Response[] responses = await Task.WhenAll(Enumerable.Range(0, 300).Select(n => peer.GetAsync($"/number/{n}")));

        CollectionAssert.AreEqual(Enumerable.Range(0, 300).ToArray(), responses.Select(static response => int.Parse(response.Text)).ToArray());
    }

    [TestMethod]
    public async Task Features_OfARequest_TellOfConnectionAndStream()
    {
        var seen = new TaskCompletionSource<(IFeatureCollection Features, string Scheme, string Protocol, string Id, bool CanRead)>();
        await using MemorySite site = await MemorySite.StartAsync(application => application.MapGet("/", context =>
        {
            seen.SetResult((
                context.Features, context.Request.Scheme, context.Request.Protocol, context.Connection.Id,
                context.Features.Get<IStreamDirectionFeature>() is { CanRead: true, CanWrite: true }));
            ITransportConnectionFeature connection = context.Features.GetRequiredFeature<ITransportConnectionFeature>();
            ITransportStreamFeature stream = context.Features.GetRequiredFeature<ITransportStreamFeature>();
            ITlsHandshakeFeature tls = context.Features.GetRequiredFeature<ITlsHandshakeFeature>();
            return context.Response.WriteAsync(
                $"{connection.Connection.ApplicationProtocol} {stream.Stream.Id} {tls.Protocol} {tls.HostName} {context.Connection.RemoteIpAddress} {context.Connection.LocalPort}");
        }));
        await using Http3Peer peer = await site.ConnectAsync();

        Http3Response response = await peer.GetAsync("/");

        Assert.AreEqual($"h3 0 Tls13 localhost 127.0.0.1 {site.EndPoint.Port}", response.Text);
        (_, string scheme, string protocol, string id, bool canRead) = await seen.Task;
        Assert.AreEqual("https", scheme);
        Assert.AreEqual("HTTP/3", protocol);
        Assert.StartsWith("net-", id);
        Assert.IsTrue(canRead);
    }

    [TestMethod]
    public async Task Status_WithAConnectionOpen_NamesIt()
    {
        await using MemorySite site = await MemorySite.StartAsync(static application => application.MapGet("/", static () => "x"));
        Assert.IsEmpty(site.Status.Connections);
        await using (Http3Peer peer = await site.ConnectAsync())
        {
            await peer.GetAsync("/");

            TransportConnection connection = site.Status.Connections.Single();
            Assert.AreEqual(peer.Connection.LocalEndPoint.Port, connection.RemoteEndPoint.Port);
        }

        Assert.AreEqual("memory", site.Status.EngineName);
    }
}
