using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Net.Ngtcp2;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Does what it likes with everything it can reach, wrong things and wrong moments included. What it throws is for its caller to judge.</summary>
internal sealed class RandomOperations(Random random, OperationTargets targets)
{
    private static readonly IPEndPoint Nowhere = new(IPAddress.Loopback, 9);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);

    /// <summary>What it does now, or did last: what to look at when it does not end.</summary>
    internal string Doing { get; private set; } = "";

    /// <summary>Does one thing.</summary>
    internal async Task StepAsync()
    {
        // Whatever waits is given up soon; what does not end then hangs the test, and fails it.
        using var patience = new CancellationTokenSource(Patience);
        CancellationToken token = random.Next(10) == 0 ? new CancellationToken(canceled: true) : patience.Token;
        switch (random.Next(20))
        {
            case 0:
                await UseEngineAsync(token);
                break;
            case 1:
                await UseListenerAsync(token);
                break;
            case < 8:
                await UseConnectionAsync(targets.Connections.Pick(random), token);
                break;
            default:
                await UseStreamAsync(targets.Streams.Pick(random), token);
                break;
        }
    }

    private async Task UseEngineAsync(CancellationToken token)
    {
        Ngtcp2Engine engine = random.Next(20) == 0 ? targets.DisposedEngine : targets.Engine;
        switch (random.Next(4))
        {
            case 0:
                Doing = "engine.ConnectAsync";
                targets.Connections.Put(random, await engine.ConnectAsync(targets.Connect, token));
                break;
            case 1:
                Doing = "engine.ConnectAsync";
                targets.Connections.Put(random, await engine.ConnectAsync(targets.Connect with { RemoteEndPoint = Nowhere }, token));
                break;
            case 2:
                Doing = "engine.ConnectAsync";
                targets.Connections.Put(random, await engine.ConnectAsync(targets.Connect with { LocalEndPoint = new IPEndPoint(IPAddress.Parse("192.0.2.1"), 0) }, token));
                break;
            default:
                await using (TransportListener listener = await engine.ListenAsync(targets.Listen, token))
                {
                    Doing = "listener.AcceptAsync";
                    await listener.AcceptAsync(token);
                }

                break;
        }
    }

    private async Task UseListenerAsync(CancellationToken token)
    {
        if (random.Next(12) == 0)
        {
            Doing = "ReplaceListenerAsync";
            await targets.ReplaceListenerAsync(random);
            return;
        }

        if (random.Next(12) == 0)
        {
            Doing = "Listener.StopAcceptingAsync";
            await targets.Listener.StopAcceptingAsync(token);
            return;
        }

        if (await targets.Listener.AcceptAsync(token) is { } accepted)
        {
            targets.Connections.Put(random, accepted);
        }
    }

    private async Task UseConnectionAsync(TransportConnection? connection, CancellationToken token)
    {
        if (connection is null)
        {
            Doing = "Engine.ConnectAsync";
            targets.Connections.Put(random, await targets.Engine.ConnectAsync(targets.Connect, token));
            return;
        }

        switch (random.Next(16))
        {
            case 0:
                ReadProperties(connection);
                break;
            case 1:
                Doing = "TransportConnection.PingAsync";
                await connection.PingAsync(token);
                break;
            case 2:
                Doing = "TransportConnection.MigrateAsync";
                await connection.MigrateAsync(random.Next(3) switch { 0 => null, 1 => new IPEndPoint(IPAddress.IPv6Loopback, 0), _ => new IPEndPoint(IPAddress.Parse("127.0.0.5"), 0) }, token);
                break;
            case 3:
                Doing = "TransportConnection.UpdateKeysAsync";
                await connection.UpdateKeysAsync(token);
                break;
            case 4 when random.Next(4) == 0:
                Doing = "TransportConnection.CloseAsync";
                await connection.CloseAsync(PickCode(), new string('x', random.Next(2000)), token);
                break;
            case 5 when random.Next(4) == 0:
                Doing = "TransportConnection.DisposeAsync";
                await connection.DisposeAsync();
                break;
            case 6:
                connection.TrySendDatagram(new byte[random.Next(1500)]);
                break;
            case 7:
                Doing = "TransportConnection.ReceiveDatagramAsync";
                await connection.ReceiveDatagramAsync(token);
                break;
            case 8:
                connection.PathChanged += targets.Handle;
                connection.StreamCreditChanged += targets.Handle;
                connection.Draining += targets.Handle;
                break;
            case 9:
                connection.PathChanged -= targets.Handle;
                break;
            case 10 or 11:
                Doing = "TransportConnection.AcceptStreamAsync";
                targets.Streams.Put(random, new StreamTarget(await connection.AcceptStreamAsync(token)));
                break;
            case 12 or 13:
                if (connection.TryOpenStream(PickDirection(), (Idempotency)random.Next(3), out TransportStream? stream))
                {
                    targets.Streams.Put(random, new StreamTarget(stream));
                }

                break;
            default:
                Doing = "TransportConnection.OpenStreamAsync";
                targets.Streams.Put(random, new StreamTarget(await connection.OpenStreamAsync(PickDirection(), (Idempotency)random.Next(3), token)));
                break;
        }
    }

    private async Task UseStreamAsync(StreamTarget? target, CancellationToken token)
    {
        if (target is null)
        {
            await UseConnectionAsync(targets.Connections.Pick(random), token);
            return;
        }

        TransportStream stream = target.Stream;
        switch (random.Next(10))
        {
            case 0:
                stream.AbortRead(PickCode());
                break;
            case 1:
                stream.AbortWrite(PickCode());
                break;
            case 2:
                stream.Priority = new StreamPriority(random.Next(-1, 9), random.Next(2) == 0);
                break;
            case 3:
                Doing = "TransportStream.DisposeAsync";
                await stream.DisposeAsync();
                break;
            case 4:
                _ = (stream.Id, stream.Direction, stream.IsLocallyInitiated, stream.IsEarlyData, stream.Completion.IsCompleted, stream.SendCompletion.IsCompleted, stream.Priority);
                break;

            // A pipe has one reader and one writer at a time; all else is free.
            case < 7:
                await target.WithReaderAsync(reader => ReadAsync(target, reader, token));
                break;
            default:
                await target.WithWriterAsync(writer => WriteAsync(writer, token));
                break;
        }
    }

    private async Task ReadAsync(StreamTarget target, PipeReader reader, CancellationToken token)
    {
        switch (random.Next(8))
        {
            case 0:
                reader.CancelPendingRead();
                break;
            case 1:
                Doing = "reader.CompleteAsync";
                await reader.CompleteAsync(random.Next(2) == 0 ? null : new IOException("a reason of the application's"));
                break;
            case 2:
                reader.AdvanceTo(target.LastRead.End);
                break;
            case 3:
                reader.AdvanceTo(default);
                break;
            case 4:
                if (reader.TryRead(out ReadResult found))
                {
                    target.LastRead = found.Buffer;
                }

                break;
            default:
                Doing = "reader.ReadAsync";
                ReadResult read = random.Next(2) == 0 ? await reader.ReadAsync(token) : await reader.ReadAtLeastAsync(random.Next(5000), token);
                target.LastRead = read.Buffer;
                reader.AdvanceTo(read.Buffer.GetPosition(random.NextInt64(read.Buffer.Length + 1)), read.Buffer.End);
                break;
        }
    }

    private async Task WriteAsync(PipeWriter writer, CancellationToken token)
    {
        switch (random.Next(8))
        {
            case 0:
                writer.CancelPendingFlush();
                break;
            case 1:
                Doing = "writer.CompleteAsync";
                await writer.CompleteAsync(random.Next(2) == 0 ? null : new IOException("a reason of the application's"));
                break;
            case 2:
                writer.GetMemory(random.Next(-1, 3 << 20));
                break;
            case 3:
                writer.Advance(random.Next(-1, 10_000));
                break;
            case 4:
                writer.GetSpan(random.Next(1, 100_000));
                writer.Advance(random.Next(1, 50_000));
                break;
            case 5:
                Doing = "writer.FlushAsync";
                await writer.FlushAsync(token);
                break;
            default:
                Doing = "writer.WriteAsync";
                await writer.WriteAsync(new byte[random.Next(200_000)], token);
                break;
        }
    }

    private static void ReadProperties(TransportConnection connection) => _ = (
        connection.Id, connection.IsServer, connection.Capabilities, connection.LocalEndPoint, connection.RemoteEndPoint, connection.ApplicationProtocol, connection.ServerName,
        connection.Version, connection.CipherSuite, connection.PeerCertificateChain.Count, connection.IdentityGeneration, connection.IsResumed, connection.EarlyData,
        connection.AvailableBidirectionalStreams, connection.AvailableUnidirectionalStreams, connection.MaxDatagramSize, connection.IsDraining, connection.GetPathStatistics(),
        connection.PeerCertificate, connection.HandshakeCompletion.IsCompleted, connection.Closed.IsCompleted);

    private long PickCode() => random.Next(4) switch { 0 => -1, 1 => ErrorCodes.Max + 1, 2 => ErrorCodes.Max, _ => random.Next() };

    private StreamDirection PickDirection() => random.Next(2) == 0 ? StreamDirection.Bidirectional : StreamDirection.Unidirectional;
}
