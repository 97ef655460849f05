using System.Buffers;
using System.Net;
using Net.Chaos.Proxy;
using Net.IntegrationTests.Setup;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.ChaosTests.EndToEnd;

/// <summary>An ngtcp2 echo server behind a UDP proxy, and a client engine before it.</summary>
internal sealed class QuicEchoPair : IAsyncDisposable
{
    private const string Protocol = "test/1";
    private static readonly CertificateTrust Trust = new(TestCertificates.Shared.Roots);
    private readonly Ngtcp2Engine _engine = new();
    private readonly TransportListener _listener;
    private readonly Task _accepting;
    private long _accepted;

    private QuicEchoPair(TransportListener listener, Ngtcp2Engine engine, ChaosProxy proxy)
    {
        _engine = engine;
        _listener = listener;
        Proxy = proxy;
        _accepting = AcceptAsync();
    }

    internal ChaosProxy Proxy { get; }

    /// <summary>Connections that the server's application got.</summary>
    internal long Accepted => Interlocked.Read(ref _accepted);

    internal static async Task<QuicEchoPair> StartAsync(ulong seed)
    {
        var engine = new Ngtcp2Engine();
        if (!engine.Support.IsSupported)
        {
            SetupRequirement.Missing($"The ngtcp2 engine cannot run: {engine.Support.Reason}");
        }

        var tls = new ServerTlsOptions { Identity = TestCertificates.Shared.Server };
        TransportListener listener = await engine.ListenAsync(new ListenOptions
        {
            ApplicationProtocols = [Protocol],
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            Tls = (in ClientHello _) => tls,
        }).WithTimeout();
        var proxy = new ChaosProxy(
            new ChaosProxyOptions { Name = "quic", Upstream = listener.LocalEndPoint.ToString(), Protocol = ProxyProtocol.Udp }, new ChaosEnvironment { Seed = seed });
        await proxy.StartAsync();
        return new QuicEchoPair(listener, engine, proxy);
    }

    internal Task<TransportConnection> ConnectAsync() => _engine.ConnectAsync(new ConnectOptions
    {
        ApplicationProtocols = [Protocol],
        RemoteEndPoint = Proxy.EndPoint!,
        ServerName = "localhost",
        HandshakeTimeout = TestDeadline.Limit,
        Tls = new ClientTlsOptions { ServerCertificatePolicy = Trust },
    }).WithTimeout();

    /// <summary>Sends random bytes on a stream and checks that the same come back.</summary>
    internal static async Task EchoAsync(TransportConnection connection, int length, int seed)
    {
        byte[] payload = new byte[length];
        new Random(seed).NextBytes(payload);
        await using TransportStream stream = await connection.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
        Task sending = SendAsync(stream, payload);
        var received = new ArrayBufferWriter<byte>(length);
        while (true)
        {
            var read = await stream.Input.ReadAsync().WithTimeout();
            foreach (ReadOnlyMemory<byte> part in read.Buffer)
            {
                received.Write(part.Span);
            }

            stream.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        await sending.WithTimeout();
        Assert.IsTrue(payload.AsSpan().SequenceEqual(received.WrittenSpan), $"{length} bytes were sent, {received.WrittenCount} others came back.");
    }

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        await _accepting.WithTimeout();
        await Proxy.DisposeAsync();
        await _engine.DisposeAsync();
    }

    private static async Task SendAsync(TransportStream stream, byte[] payload)
    {
        for (int offset = 0; offset < payload.Length; offset += 32768)
        {
            await stream.Output.WriteAsync(payload.AsMemory(offset, Math.Min(32768, payload.Length - offset)));
        }

        await stream.Output.CompleteAsync();
    }

    private async Task AcceptAsync()
    {
        List<Task> work = [];
        while (await _listener.AcceptAsync() is { } connection)
        {
            Interlocked.Increment(ref _accepted);
            work.Add(ServeAsync(connection));
        }

        await Task.WhenAll(work);
    }

    private static async Task ServeAsync(TransportConnection connection)
    {
        List<Task> streams = [];
        try
        {
            while (true)
            {
                streams.Add(ServeAsync(await connection.AcceptStreamAsync()));
            }
        }
        catch (TransportException)
        {
            await connection.DisposeAsync();
            await Task.WhenAll(streams);
        }
    }

    private static async Task ServeAsync(TransportStream stream)
    {
        await using (stream)
        {
            try
            {
                while (true)
                {
                    var read = await stream.Input.ReadAsync();
                    foreach (ReadOnlyMemory<byte> part in read.Buffer)
                    {
                        stream.Output.Write(part.Span);
                    }

                    stream.Input.AdvanceTo(read.Buffer.End);
                    if (read.IsCompleted)
                    {
                        break;
                    }

                    await stream.Output.FlushAsync();
                }

                await stream.Output.CompleteAsync();
                await stream.SendCompletion;
            }
            catch (TransportException)
            {
                // The connection is over; the test sees it on its side.
            }
        }
    }
}
