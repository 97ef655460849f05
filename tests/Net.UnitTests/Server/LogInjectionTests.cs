using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Net.Client;
using Net.Grpc;
using Net.Hosting;
using Net.Protocol.Echo;
using Net.Server;
using Net.Testing;
using Net.UnitTests.Grpc;
using Net.UnitTests.Kestrel;

namespace Net.UnitTests.Server;

/// <summary>No text that a peer chose can forge an entry of a log that is plain text, or command the terminal that shows it.</summary>
[TestClass]
public sealed class LogInjectionTests
{
    private const string Forgery = "x\r\nfail: Net.Server[5005] Accepting failed\u001b[2J\u2028\u202e";

    // What the forgery leaves behind when it has become text.
    private const string Mark = "fail: Net.Server[5005] Accepting failed";

    [TestMethod]
    public async Task ServerName_OfAStranger_IsLoggedAsText()
    {
        await using MemorySite site = await MemorySite.StartAsync(
            static _ => { },
            https: static listen => listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = static _ => throw new InvalidOperationException("The callback of the test fails."),
            }));

        await Assert.ThrowsAsync<TransportException>(() => site.ConnectAsync("h3", serverName: Forgery));

        AssertLogged(site.Log, 5031);
    }

    [TestMethod]
    public async Task CloseReason_OfAClient_IsLoggedAsText()
    {
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static builder => builder.MapStream("echo", new EchoHandler()));
        TransportConnection connection = await fixture.ConnectAsync(RawStreamProtocol.ApplicationProtocol);
        await fixture.Log.WhenLogged(5001);

        await connection.CloseAsync(7, Forgery).WithTimeout();
        await fixture.Log.WhenLogged(5002);

        AssertLogged(fixture.Log, 5002);
        await connection.DisposeAsync();
    }

    [TestMethod]
    public async Task Route_ThatDoesNotExist_IsLoggedAsText()
    {
        // The header of a stream takes no control characters; what is left turns the line around, or breaks it for some readers.
        const string Route = "x\u2028" + Mark + "\u202e";
        await using RawStreamFixture fixture = await RawStreamFixture.StartAsync(static builder => builder.MapStream("echo", new EchoHandler()));
        await using RawStream stream = await fixture.Client.OpenAsync(Route).AsTask().WithTimeout();
        await stream.Output.CompleteAsync();

        await fixture.Log.WhenLogged(5010);

        AssertLogged(fixture.Log, 5010);
    }

    [TestMethod]
    public async Task StatusMessage_OfAServer_IsLoggedAsTextAndKeptAsItCame()
    {
        var log = new LogRecorder();
        using var handler = new FakeHandler((_, _) => Task.FromResult(FakeHandler.Answer(new GrpcStatus(GrpcStatusCode.NotFound, Forgery))));
        using var client = new GrpcClient(new Uri("https://server.example"), handler, new GrpcClientOptions { LoggerFactory = log });

        GrpcException failed = await Assert.ThrowsExactlyAsync<GrpcException>(
            () => client.UnaryAsync(ServerCallFixture.Echo, new EchoRequest()).WithTimeout());

        AssertLogged(log, 3010);
        Assert.AreEqual(Forgery, failed.Status.Message);
        AssertPlain(failed.Message);
    }

    [TestMethod]
    public async Task StatusMessage_OfAHandlerThatRepeatsTheRequest_IsLoggedAsText()
    {
        var log = new LogRecorder();
        using var exchange = new MemoryExchange();
        await exchange.SendAsync(new EchoRequest { Payload = Forgery });
        exchange.EndRequest();

        await new ServerCallFixture { Unary = static (request, _) => throw new GrpcException(GrpcStatusCode.InvalidArgument, $"'{request.Payload}' is none.") }
            .ServeUnaryAsync(exchange, new GrpcServerOptions { LoggerFactory = log }).WithTimeout();

        AssertLogged(log, 3001);
    }

    [TestMethod]
    public void Verdict_WithANameFromACertificate_IsText()
    {
        AssertPlain(PeerCertificateVerdict.Refused(CertificateRefusal.NotAllowed, $"The certificate 'CN={Forgery}' is not wanted.").Detail!);
        AssertPlain(new ConnectionClose(CloseInitiator.Remote, TransportError.ConnectionClosed, 1, null, Forgery).ToException().Message);
        AssertPlain((new ConnectionClose(CloseInitiator.Remote, TransportError.ConnectionClosed, 1, null, "") with { Reason = Forgery }).Reason);
        AssertPlain(ProbeResult.Fail(Forgery).Reason!);
        AssertPlain(new ChannelEventArgs(ChannelEventKind.ConnectionClosed, default, null, 1, Forgery).Reason);
    }

    [TestMethod]
    public void Terminal_WordsOfAServer_AreShownAsText()
    {
        string shown = HostErrors.CallFailed(new GrpcException(GrpcStatusCode.Internal, Forgery), new TransportEndPoint("server.example", 443)).Message;

        AssertPlain(shown);
        Assert.Contains(Mark, shown);
    }

    private static void AssertLogged(LogRecorder log, int id)
    {
        string[] messages = [.. log.Entries.Where(entry => entry.Id.Id == id).Select(static entry => entry.Message)];
        Assert.IsTrue(messages.Any(static message => message.Contains(Mark, StringComparison.Ordinal)), $"Entry {id} does not tell what the peer sent: {string.Join(" | ", messages)}");
        foreach ((_, _, string message, Exception? exception) in log.Entries.Where(static entry => $"{entry.Message} {entry.Exception?.Message}".Contains(Mark, StringComparison.Ordinal)))
        {
            AssertPlain(message);
            AssertPlain(exception?.Message ?? "");
        }
    }

    private static void AssertPlain(string text) => Assert.IsFalse(PlainText.IsUnsafe(text), $"'{text}' holds control characters.");
}
