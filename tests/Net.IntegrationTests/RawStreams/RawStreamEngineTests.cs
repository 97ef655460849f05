using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Net.Client;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.RawStreams;

/// <summary>Raw streams over a real engine and real sockets: what each side learns of the other's errors, and how a server ends. The subclasses name the engine.</summary>
public abstract class RawStreamEngineTests
{
    private readonly TaskCompletionSource<TransportException> _serverSaw = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TransportEngine _engine = null!;
    private NetServer _server = null!;
    private TransportConnection _connection = null!;
    private RawStreamClient _client = null!;

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public async Task StartAsync()
    {
        _engine = CreateEngine();
        if (!_engine.Support.IsSupported)
        {
            // libmsquic is nobody's duty to have; the other engine's libraries are set up before the tests.
            if (_engine.Name != "msquic")
            {
                Setup.SetupRequirement.Missing(_engine.Support.Reason ?? "");
            }

            Assert.Inconclusive(_engine.Support.Reason ?? "");
        }

        bool inline = _engine.Capabilities.HasFlag(EngineCapabilities.InlineContinuations);
        _server = new NetServerBuilder()
            .MapStream("echo", new EchoHandler())
            .MapStream("broken", static _ => throw new InvalidDataException("it broke"))
            .MapStream("own-code", static s =>
            {
                s.Abort(0x142);
                return Task.CompletedTask;
            })
            .MapStream("first-byte", AnswerFirstByteAsync)
            .MapStream("watch", WatchAsync)
            .Build();
        var tls = new ServerTlsOptions
        {
            Identity = TestCertificates.Shared.Server,
            ClientCertificateMode = ClientCertificateMode.Required,
            ClientCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots),
        };
        IPEndPoint endPoint = await _server.ListenAsync(_engine, new ListenOptions
        {
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            ApplicationProtocols = _server.ApplicationProtocols,
            Tls = (in ClientHello _) => tls,
            InlineContinuations = inline,
        });
        _connection = await _engine.ConnectAsync(new ConnectOptions
        {
            RemoteEndPoint = endPoint,
            ServerName = "localhost",
            ApplicationProtocols = [RawStreamProtocol.ApplicationProtocol],
            Tls = new ClientTlsOptions { Identity = TestCertificates.Shared.Client, ServerCertificatePolicy = new CertificateTrust(TestCertificates.Shared.Roots) },
            InlineContinuations = inline,
        }).WithTimeout();
        _client = new RawStreamClient(_connection);
    }

    [TestCleanup]
    public async Task StopAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await _engine.DisposeAsync();
    }

    [TestMethod]
    public async Task Echo_ReusedStream_ComesBackUntilTheEnd()
    {
        await using RawStream stream = await OpenAsync("echo");
        for (int i = 0; i < 100; i++)
        {
            await SendAsync(stream, $"message {i:000}");
            Assert.AreEqual($"message {i:000}", await ReceiveAsync(stream, 11));
        }

        await stream.Output.CompleteAsync();
        ReadResult end = await stream.Input.ReadAsync().WithTimeout();
        Assert.IsTrue(end.IsCompleted && end.Buffer.IsEmpty);
    }

    [TestMethod]
    [DataRow("no-such-route", RawStreamErrorCodes.UnknownRoute, true)]
    [DataRow("broken", RawStreamErrorCodes.HandlerFailed, false)]
    [DataRow("own-code", 0x142L, false)]
    public async Task Stream_ThatTheServerEnds_FailsWithItsCode(string route, long code, bool isSafeToRetry)
    {
        await using RawStream stream = await OpenAsync(route);

        // The answer may come before the sending is over, which then learns of it first.
        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(async () =>
        {
            await SendAsync(stream, "x");
            await ReceiveAsync(stream, 1);
        });

        Assert.AreEqual(TransportError.StreamReset, exception.Error);
        Assert.AreEqual(code, exception.ApplicationErrorCode);
        Assert.AreEqual(isSafeToRetry, exception.IsSafeToRetry);
    }

    [TestMethod]
    public async Task Header_Malformed_IsAnsweredInBothDirections()
    {
        TransportStream stream = await _connection.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        stream.Output.Write(Convert.FromHexString("0720056563686f21"));
        Task<FlushResult> sending = stream.Output.FlushAsync().AsTask();

        TransportException reading = await Assert.ThrowsExactlyAsync<TransportException>(async () => await stream.Input.ReadAsync().WithTimeout());
        TransportException writing = await Assert.ThrowsExactlyAsync<TransportException>(() => stream.SendCompletion.WithTimeout());

        await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.AreEqual(RawStreamErrorCodes.MalformedHeader, reading.ApplicationErrorCode);
        Assert.AreEqual(RawStreamErrorCodes.MalformedHeader, writing.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Handler_ThatHasEnough_EndsTheWritingWithoutAnError()
    {
        await using RawStream stream = await OpenAsync("first-byte");
        await SendAsync(stream, "abc");
        Assert.AreEqual("a", await ReceiveAsync(stream, 1));

        FlushResult flush;
        do
        {
            flush = await stream.Output.WriteAsync(new byte[1000]).WithTimeout();
        }
        while (!flush.IsCompleted);

        ReadResult end = await stream.Input.ReadAsync().WithTimeout();
        Assert.IsTrue(end.IsCompleted);
    }

    [TestMethod]
    public async Task Cancellation_OfTheCaller_ReachesTheHandler()
    {
        using var cancellation = new CancellationTokenSource();
        await using RawStream stream = await OpenAsync("watch", null, cancellation.Token);
        await SendAsync(stream, "x");
        await _entered.Task.WithTimeout();

        await cancellation.CancelAsync();

        Assert.AreEqual(RawStreamErrorCodes.Cancelled, (await _serverSaw.Task.WithTimeout()).ApplicationErrorCode);
        OperationCanceledException exception = await Assert.ThrowsAsync<OperationCanceledException>(() => ReceiveAsync(stream, 1));
        Assert.AreEqual(cancellation.Token, exception.CancellationToken);
    }

    [TestMethod]
    public async Task Deadline_OfTheCaller_EndsBothSides()
    {
        await using RawStream stream = await OpenAsync("watch", new RawStreamOptions { Deadline = TimeSpan.FromSeconds(2) });
        await SendAsync(stream, "x");

        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(() => ReceiveAsync(stream, 1));

        Assert.AreEqual(TransportError.DeadlineExceeded, exception.Error);
        await _serverSaw.Task.WithTimeout();
    }

    [TestMethod]
    public async Task Dispose_BeforeTheEnd_IsAResetForTheHandler()
    {
        await using (RawStream stream = await OpenAsync("watch"))
        {
            await SendAsync(stream, "half of it");
            await _entered.Task.WithTimeout();
        }

        Assert.AreEqual(RawStreamErrorCodes.Cancelled, (await _serverSaw.Task.WithTimeout()).ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Server_ThatStops_DeliversTheLastAnswerWhole()
    {
        byte[] message = new byte[300_000];
        new Random(7).NextBytes(message);
        await using RawStream stream = await OpenAsync("echo");
        await SendAsync(stream, "x");
        await ReceiveAsync(stream, 1);

        Task<bool> stopping = _server.StopAsync(TimeSpan.FromSeconds(30));
        Task<FlushResult> sending = stream.Output.WriteAsync(message).AsTask();
        byte[] received = await ReceiveBytesAsync(stream, message.Length);
        await sending.WithTimeout();
        await stream.Output.CompleteAsync();
        ReadResult end = await stream.Input.ReadAsync().WithTimeout();

        CollectionAssert.AreEqual(message, received);
        Assert.IsTrue(end.IsCompleted);
        Assert.IsTrue(await stopping.WithTimeout());
        Assert.AreEqual(RawStreamErrorCodes.GoingAway, (await _connection.Closed.WithTimeout()).ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Server_ThatStopsAtOnce_CutsTheStreamWithItsCode()
    {
        await using RawStream stream = await OpenAsync("echo");
        await SendAsync(stream, "x");
        await ReceiveAsync(stream, 1);

        Assert.IsFalse(await _server.StopAsync(TimeSpan.Zero).WithTimeout());

        TransportException exception = await Assert.ThrowsExactlyAsync<TransportException>(() => ReceiveAsync(stream, 1));
        Assert.AreEqual(TransportError.ConnectionClosed, exception.Error);
        Assert.AreEqual(RawStreamErrorCodes.ShuttingDown, exception.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Streams_ByTheThousand_AllComeBackAndLeaveNothing()
    {
        const int Workers = 50;
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(async worker =>
        {
            for (int i = 0; i < 40; i++)
            {
                string text = $"{worker:00}-{i:00}";
                await using RawStream stream = await OpenAsync("echo");
                await SendAsync(stream, text);
                await stream.Output.CompleteAsync();
                Assert.AreEqual(text, await ReceiveAsync(stream, text.Length));
                Assert.IsTrue((await stream.Input.ReadAsync().WithTimeout()).IsCompleted);
            }
        })).WithTimeout();

        Assert.IsTrue(await _server.StopAsync(TimeSpan.FromSeconds(30)).WithTimeout());
        Assert.AreEqual(0, _server.ConnectionCount);
    }

    /// <summary>Makes the engine.</summary>
    protected abstract TransportEngine CreateEngine();

    /// <summary>Makes echoes one after the other on a stream that exists, and counts what the whole process allocates meanwhile.</summary>
    protected async Task<double> MeasureAllocatedPerEchoAsync()
    {
        await using RawStream stream = await OpenAsync("echo");
        await EchoAsync(stream, 2000);
        long least = long.MaxValue;
        for (int round = 0; round < 3; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            await EchoAsync(stream, 10_000);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        // What the rest of the process allocates now and then stands in some rounds only; an object for each echo stands in all.
        return least / 10_000.0;
    }

    private static async Task EchoAsync(RawStream stream, int count)
    {
        byte[] payload = new byte[64];
        for (int i = 0; i < count; i++)
        {
            await stream.Output.WriteAsync(payload);
            int received = 0;
            while (received < payload.Length)
            {
                ReadResult read = await stream.Input.ReadAsync();
                received += (int)read.Buffer.Length;
                stream.Input.AdvanceTo(read.Buffer.End);
            }
        }
    }

    private static async Task AnswerFirstByteAsync(RawStreamContext stream)
    {
        ReadResult read = await stream.Input.ReadAtLeastAsync(1);
        byte first = read.Buffer.FirstSpan[0];
        stream.Input.AdvanceTo(read.Buffer.GetPosition(1));
        await stream.Output.WriteAsync(new[] { first });
    }

    /// <summary>Reads to the end and tells how it came.</summary>
    private async Task WatchAsync(RawStreamContext stream)
    {
        _entered.SetResult();
        try
        {
            while (true)
            {
                ReadResult read = await stream.Input.ReadAsync();
                stream.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    _serverSaw.SetException(new InvalidDataException("The stream ended cleanly."));
                    return;
                }
            }
        }
        catch (TransportException exception)
        {
            _serverSaw.SetResult(exception);
            throw;
        }
    }

    private Task<RawStream> OpenAsync(string route, RawStreamOptions? options = null, CancellationToken cancellationToken = default) =>
        _client.OpenAsync(route, options, cancellationToken).WithTimeout();

    private static Task<FlushResult> SendAsync(RawStream stream, string text) => stream.Output.WriteAsync(Encoding.UTF8.GetBytes(text)).WithTimeout();

    private static async Task<string> ReceiveAsync(RawStream stream, int count) => Encoding.UTF8.GetString(await ReceiveBytesAsync(stream, count));

    private static async Task<byte[]> ReceiveBytesAsync(RawStream stream, int count)
    {
        var received = new ArrayBufferWriter<byte>();
        while (received.WrittenCount < count)
        {
            ReadResult read = await stream.Input.ReadAsync().WithTimeout();
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                received.Write(segment.Span);
            }

            stream.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        return received.WrittenSpan.ToArray();
    }
}
