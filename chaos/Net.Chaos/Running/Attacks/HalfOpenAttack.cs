using System.Net;
using System.Net.Sockets;
using Net.Chaos.Judging;
using Net.Chaos.Quic;
using Net.Chaos.Running.Faults;
using Net.Chaos.Running.Hosts;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Running.Attacks;

/// <summary>
/// Handshakes that are begun and left: a true first flight of a client, sealed anew for each with another connection identifier, as everybody can who has seen one (RFC 9001, section 5.2).
/// The host must keep little of each, send three times as much as came at most (RFC 9000, section 8.1), and ask for a proof of the address when there are many.
/// </summary>
internal static class HalfOpenAttack
{
    private const int IdLength = 16;
    private const int LeastDatagram = 1200;
    private const int Batch = 20;
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan CaptureLimit = TimeSpan.FromSeconds(5);

    /// <returns>How many were answered by the host, with a handshake or with Retry.</returns>
    internal static async Task<long> RunAsync(FaultStage stage, FaultPlan plan, IRunHost host, int count)
    {
        (uint version, byte[] sourceId, byte[] frames) = await CaptureAsync(stage).ConfigureAwait(false);
        var random = new Random(count);
        long retries = 0;
        long answered = 0;
        using var socket = new AttackSocket(host.EndPoint);
        void Take(ReadOnlySpan<byte> answer)
        {
            QuicPacketKinds kinds = QuicDatagram.KindsOf(answer);
            retries += kinds.HasFlag(QuicPacketKinds.Retry) ? 1 : 0;
            answered += (kinds & (QuicPacketKinds.Retry | QuicPacketKinds.Initial)) != 0 ? 1 : 0;
        }

        var id = new byte[IdLength];
        for (int i = 0; i < count; i++)
        {
            random.NextBytes(id);
            using InitialKeys keys = InitialKeys.Derive(version, id, isClient: true)!;
            socket.Send(keys.Seal(version, id, sourceId, frames));
            if (i % Batch == Batch - 1)
            {
                socket.Drain(Take);
                await Task.Delay(Turn, stage.TimeProvider, stage.Stop).ConfigureAwait(false);
            }
        }

        // What the host repeats as no acknowledgement comes counts, too.
        await stage.LastAsync(plan with { For = plan.For > TimeSpan.Zero ? plan.For : TimeSpan.FromSeconds(1) }).ConfigureAwait(false);
        socket.Drain(Take);
        stage.Measures.Add(Figures.Retries, retries);
        stage.Measures.NoteLargest(Figures.Amplification, socket.Sent == 0 ? 0 : (double)socket.Received / socket.Sent);
        return answered;
    }

    // A client connects to a socket that only listens.
    private static async Task<(uint Version, byte[] SourceId, byte[] Frames)> CaptureAsync(FaultStage stage)
    {
        using var trap = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        trap.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stage.Stop);
        limit.CancelAfter(CaptureLimit);
        Task client = stage.Cast.Probe.KnockAsync((IPEndPoint)trap.LocalEndPoint!, stage.Cast.Clients[0].Identity, limit.Token);
        var buffer = new byte[2048];
        try
        {
            int length = await trap.ReceiveAsync(buffer, limit.Token).ConfigureAwait(false);
            return Open(buffer.AsSpan(0, length));
        }
        catch (OperationCanceledException) when (!stage.Stop.IsCancellationRequested)
        {
            throw new RunException("No client of this machine begins a handshake that could be copied.");
        }
        finally
        {
            await limit.CancelAsync().ConfigureAwait(false);
            await client.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static (uint Version, byte[] SourceId, byte[] Frames) Open(ReadOnlySpan<byte> datagram)
    {
        var packet = QuicPacketView.Read(datagram, 0);
        using var keys = packet.Kind == QuicPacketKinds.Initial ? InitialKeys.Derive(packet.Version, packet.DestinationId, isClient: true) : null;

        // Whole datagrams alone are answered (RFC 9000, section 14.1), and the identifier of the copies may be shorter; zeros are PADDING.
        return keys?.Open(packet) is { } frames
            ? (packet.Version, packet.SourceId.ToArray(), [.. frames, .. new byte[Math.Max(0, LeastDatagram - frames.Length)]])
            : throw new RunException("The first packet of a client's handshake cannot be read.");
    }
}
