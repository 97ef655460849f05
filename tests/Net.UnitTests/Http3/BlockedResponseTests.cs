using System.Buffers;
using Net.Http3;
using Net.Http3.Interop;
using Net.Testing;

namespace Net.UnitTests.Http3;

/// <summary>Header sections that refer to what the server's encoder stream has not brought yet (RFC 9204, section 2.1.2).</summary>
[TestClass]
public sealed class BlockedResponseTests
{
    [TestMethod]
    public async Task SendAsync_HeadersBeforeTheirTable_WaitsForIt()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        using var table = new ServerTable();
        byte[] headers = table.Encode(0, (":status", "200"), ("server", "a server with a name"));
        byte[] trailers = table.Encode(0, ("grpc-status", "0"), ("server", "another name of it"));
        Assert.IsGreaterThan(0, table.Instructions.Length);
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        await seen.FinishAsync(headers, FrameBytes.Data("content"), trailers);
        await WaitUntilBlockedAsync(fixture);
        Assert.IsFalse(sending.IsCompleted);
        await fixture.OpenUnidirectionalAsync([0x02, .. table.Instructions]);

        using HttpResponseMessage response = await sending.WithTimeout();
        Assert.AreEqual("a server with a name", response.Headers.NonValidated["server"].ToString());
        Assert.AreEqual("content", await response.Content.ReadAsStringAsync().WithTimeout());
        Assert.AreEqual("another name of it", response.TrailingHeaders.NonValidated["server"].ToString());
        await fixture.WaitUntilIdleAsync();
        Assert.AreEqual(0, fixture.Client.Decoder.BlockedCount);
    }

    [TestMethod]
    public async Task SendAsync_TrailersBeforeTheirTable_WaitForIt()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        using var table = new ServerTable();
        byte[] trailers = table.Encode(0, ("server", "a server with a name"));
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        await seen.FinishAsync(FrameBytes.Headers((":status", "200")), FrameBytes.Data("content"), trailers);
        using HttpResponseMessage response = await sending.WithTimeout();
        Task<string> reading = response.Content.ReadAsStringAsync();
        await WaitUntilBlockedAsync(fixture);
        Assert.IsFalse(reading.IsCompleted);
        await fixture.OpenUnidirectionalAsync([0x02, .. table.Instructions]);
        Assert.AreEqual("content", await reading.WithTimeout());
        Assert.AreEqual("a server with a name", response.TrailingHeaders.NonValidated["server"].ToString());
    }

    [TestMethod]
    public async Task Cancel_WhileBlocked_EndsTheRequest()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        using var cancellation = new CancellationTokenSource();
        Task<HttpResponseMessage> sending = await StartBlockedAsync(fixture, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => sending.WithTimeout());
        await fixture.WaitUntilIdleAsync();
        Assert.AreEqual(0, fixture.Client.Decoder.BlockedCount);
        Assert.IsFalse(fixture.Client.IsDraining);
    }

    [TestMethod]
    public async Task ConnectionClose_WhileBlocked_EndsTheRequest()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync();
        Task<HttpResponseMessage> sending = await StartBlockedAsync(fixture, CancellationToken.None);
        await fixture.Server.CloseAsync((long)Http3ErrorCode.InternalError);
        HttpRequestException exception = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => sending.WithTimeout());
        Assert.AreEqual((long)Http3ErrorCode.InternalError, ((HttpProtocolException)exception.InnerException!).ErrorCode);
        await fixture.WaitUntilIdleAsync();
    }

    [TestMethod]
    public async Task SendAsync_MoreBlockedResponsesThanAllowed_ClosesTheConnection()
    {
        await using Http3Fixture fixture = await Http3Fixture.StartAsync(static o => o with { QpackBlockedStreams = 1 });
        using var table = new ServerTable();
        Task<HttpResponseMessage>[] sending = [.. Enumerable.Range(0, 2).Select(_ => fixture.Client.SendAsync(Http3Fixture.Get(), CancellationToken.None))];
        for (int i = 0; i < 2; i++)
        {
            ServerRequest seen = await fixture.AcceptRequestAsync();
            await seen.WriteAsync(table.Encode(seen.Stream.Id, (":status", "200"), ("server", "a server with a name")));
        }

        Assert.AreEqual((long)Http3ErrorCode.QpackDecompressionFailed, (await fixture.Server.Closed.WithTimeout()).ApplicationErrorCode);
        foreach (Task<HttpResponseMessage> each in sending)
        {
            await Assert.ThrowsExactlyAsync<HttpRequestException>(() => each.WithTimeout());
        }

        await fixture.WaitUntilIdleAsync();
    }

    private static async Task<Task<HttpResponseMessage>> StartBlockedAsync(Http3Fixture fixture, CancellationToken cancellationToken)
    {
        using var table = new ServerTable();
        byte[] headers = table.Encode(0, (":status", "200"), ("server", "a server with a name"));
        Task<HttpResponseMessage> sending = fixture.Client.SendAsync(Http3Fixture.Get(), cancellationToken);
        ServerRequest seen = await fixture.AcceptRequestAsync();
        await seen.WriteAsync(headers);
        await WaitUntilBlockedAsync(fixture);
        return sending;
    }

    private static async Task WaitUntilBlockedAsync(Http3Fixture fixture)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (fixture.Client.Decoder.BlockedCount == 0)
        {
            Assert.IsLessThan(TestDeadline.Limit, TimeProvider.System.GetElapsedTime(started), "no response was blocked");
            await Task.Yield();
        }
    }

    /// <summary>The server's encoder, whose instructions a test sends when it likes.</summary>
    private sealed class ServerTable : IDisposable
    {
        private readonly ArrayBufferWriter<byte> _instructions = new();
        private readonly QpackEncoder _encoder;

        internal ServerTable()
        {
            _encoder = new QpackEncoder(4096, bytes => _instructions.Write(bytes));
            _encoder.ApplyPeerSettings(4096, 16);
        }

        internal byte[] Instructions => _instructions.WrittenSpan.ToArray();

        public void Dispose() => _encoder.Dispose();

        internal byte[] Encode(long streamId, params (string Name, string Value)[] fields)
        {
            var buffer = new HeaderFieldBuffer();
            foreach ((string name, string value) in fields)
            {
                buffer.Add(name, value);
            }

            var output = new ArrayBufferWriter<byte>();
            _encoder.WriteHeaders(streamId, buffer, output);
            return output.WrittenSpan.ToArray();
        }
    }
}
