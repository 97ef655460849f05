using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Net.Client;
using Net.IntegrationTests.Ngtcp2;
using Net.Ngtcp2;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Robustness;

/// <summary>Clients that complete the handshake and then misuse <c>net/1</c>: each stream ends with the code for what is wrong with it, and nobody else notices.</summary>
[TestClass]
public sealed class HostileStreamTests : Ngtcp2Test
{
    private const int Streams = 1500;
    private const int Together = 50;
    private const int ManyResets = 1_000_000;
    private NetServer _server = null!;

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Headers_OfAllWrongKinds_EndTheirOwnStreamsWithTheirOwnCodes(string address)
    {
        Random random = TestSeed.TakeRandom(TestContext);
        Ngtcp2Engine engine = NewEngine();
        IPEndPoint server = await ServeAsync(engine, address);
        TransportConnection hostile = await ConnectAsync(engine, server);
        TransportConnection honest = await ConnectAsync(engine, server);
        using var stop = new CancellationTokenSource();
        Task<int> bystander = EchoUntilAsync(new RawStreamClient(honest), stop.Token);
        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < Streams; i += Together)
        {
            Task<string>[] batch = [.. Enumerable.Range(0, Together).Select(_ => MisuseAsync(hostile, MakeHeader(random), random.Next(8)))];
            foreach (string outcome in await Task.WhenAll(batch).WithTimeout())
            {
                outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            }
        }

        await stop.CancelAsync();
        int echoes = await bystander.WithTimeout();
        TestContext.WriteLine($"{echoes} echoes meanwhile; {string.Join(", ", outcomes.Select(static o => $"{o.Key}: {o.Value}"))}");
        Assert.IsFalse(hostile.Closed.IsCompleted, "Bad headers are no reason to end a connection.");
        Assert.IsFalse(honest.Closed.IsCompleted);
        foreach (string expected in new[] { "Complete", "MalformedHeader", "HeaderTooLarge", "UnknownRoute", "left" })
        {
            Assert.IsTrue(outcomes.ContainsKey(expected), $"No stream of {Streams} came to {expected}.");
        }

        await EchoAsync(new RawStreamClient(hostile), "even the hostile one is served when it behaves");
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task StopSending_OfAThousandStreams_EndsTheConnectionAndNoOther(string address)
    {
        const long ProtocolViolation = 0xa;
        Ngtcp2Engine engine = NewEngine();
        IPEndPoint server = await ServeAsync(engine, address, maxResets: 200);
        TransportConnection hostile = await ConnectAsync(engine, server);
        TransportConnection honest = await ConnectAsync(engine, server);
        using var stop = new CancellationTokenSource();
        Task<int> bystander = EchoUntilAsync(new RawStreamClient(honest), stop.Token);
        await Assert.ThrowsExactlyAsync<TransportException>(async () =>
        {
            for (int i = 0; i < 5000; i++)
            {
                TransportStream stream = await hostile.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
                stream.Output.Write(MakeHeader("echo"));
                await stream.Output.CompleteAsync();
                stream.AbortRead(8);
            }
        });
        ConnectionClose close = await hostile.Closed.WithTimeout();
        Assert.AreEqual(CloseInitiator.Remote, close.Initiator);
        Assert.AreEqual(ProtocolViolation, close.TransportErrorCode);
        Assert.Contains("too many stream resets", close.Reason);
        await stop.CancelAsync();
        await bystander.WithTimeout();
        await EchoAsync(new RawStreamClient(honest), "still served");
    }

    [TestCleanup]
    public async Task StopServerAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    private static byte[] MakeHeader(string route)
    {
        var output = new ArrayBufferWriter<byte>();
        RawStreamHeaderWriter.Write(output, new RawStreamHeader(route));
        return output.WrittenSpan.ToArray();
    }

    // Good ones, damaged ones, huge ones, lies about the length, and anything.
    private static byte[] MakeHeader(Random random)
    {
        byte[] header = MakeHeader(random.Next(4) == 0 ? new string('r', random.Next(1, 200)) : "echo");
        byte[] bytes = new byte[random.Next(1, 3000)];
        random.NextBytes(bytes);
        switch (random.Next(7))
        {
            case 0:
                return header;
            case 1:
                header[random.Next(header.Length)] ^= (byte)(1 << random.Next(8));
                return header;
            case 2:
                return header[..random.Next(header.Length)];
            case 3:
                return [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, .. bytes];
            case 4:
                // One byte more than the limit of 16 KiB.
                return [0x80, 0, 0x40, 1, .. bytes];
            case 5:
                return [.. header[..^1], .. bytes];
            default:
                return bytes;
        }
    }

    /// <summary>Sends bytes as the beginning of a stream, and checks that it ends as the reader of headers would have it.</summary>
    /// <returns>A word for what came of it.</returns>
    private static async Task<string> MisuseAsync(TransportConnection connection, byte[] bytes, int manner)
    {
        var sequence = new ReadOnlySequence<byte>(bytes);
        RawStreamHeaderStatus status = RawStreamHeaderReader.TryRead(ref sequence, RawStreamLimits.Default, out RawStreamHeader? header, out _);
        await using TransportStream stream = await connection.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        Task sending = SendAsync(stream, bytes);
        if (manner == 0)
        {
            // Gone before anybody can answer.
            stream.Abort(0x155);
            await sending;
            await ((Task)stream.Completion.WithTimeout()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return "left";
        }

        long? code = await ReadCodeAsync(stream);
        await sending;
        if (status == RawStreamHeaderStatus.Complete)
        {
            bool isEcho = header!.Route == "echo";
            Assert.IsTrue(
                isEcho ? code is null or RawStreamErrorCodes.DeadlineExceeded : code == RawStreamErrorCodes.UnknownRoute, $"Route '{header.Route}' ended with {code}: {Convert.ToHexString(bytes)}");
            return isEcho ? "Complete" : "UnknownRoute";
        }

        long expected = status switch
        {
            RawStreamHeaderStatus.TooLarge => RawStreamErrorCodes.HeaderTooLarge,
            RawStreamHeaderStatus.UnsupportedField => RawStreamErrorCodes.UnsupportedField,
            _ => RawStreamErrorCodes.MalformedHeader,
        };
        Assert.AreEqual(expected, code, $"{status}: {Convert.ToHexString(bytes)}");
        return RawStreamErrorCodes.GetName(expected)!;
    }

    private static async Task SendAsync(TransportStream stream, byte[] bytes)
    {
        try
        {
            await stream.Output.WriteAsync(bytes);
            await stream.Output.CompleteAsync();
        }
        catch (TransportException)
        {
            // Refused while it was being sent; the code is read on the other direction.
        }
    }

    private static async Task<long?> ReadCodeAsync(TransportStream stream)
    {
        try
        {
            while (true)
            {
                ReadResult read = await stream.Input.ReadAsync().WithTimeout();
                stream.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return null;
                }
            }
        }
        catch (TransportException exception)
        {
            Assert.AreEqual(TransportError.StreamReset, exception.Error, exception.Message);
            return exception.ApplicationErrorCode;
        }
    }

    private static async Task<int> EchoUntilAsync(RawStreamClient client, CancellationToken stop)
    {
        int echoes = 0;
        for (; !stop.IsCancellationRequested || echoes == 0; echoes++)
        {
            await EchoAsync(client, $"honest {echoes}");
        }

        return echoes;
    }

    private static async Task EchoAsync(RawStreamClient client, string text)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        await using RawStream stream = await client.OpenAsync("echo").WithTimeout();
        await stream.Output.WriteAsync(bytes).WithTimeout();
        await stream.Output.CompleteAsync();
        ReadResult read = await stream.Input.ReadAtLeastAsync(bytes.Length).WithTimeout();
        Assert.AreEqual(text, System.Text.Encoding.UTF8.GetString(read.Buffer.ToArray()));
        stream.Input.AdvanceTo(read.Buffer.End);
    }

    private async Task<IPEndPoint> ServeAsync(Ngtcp2Engine engine, string address, int maxResets = ManyResets)
    {
        _server = new NetServerBuilder().MapStream("echo", new EchoHandler()).Build();
        return await _server.ListenAsync(engine, ListenOn(address) with
        {
            ApplicationProtocols = _server.ApplicationProtocols,
            Limits = new TransportLimits { MaxResetsPerSecond = maxResets },
        });
    }

    private async Task<TransportConnection> ConnectAsync(Ngtcp2Engine engine, IPEndPoint server) => Own(await engine.ConnectAsync(ConnectTo(server) with
    {
        ApplicationProtocols = [RawStreamProtocol.ApplicationProtocol],
        Limits = new TransportLimits { MaxResetsPerSecond = ManyResets },
    }).WithTimeout());
}
