using System.Net;

namespace Net.Testing;

/// <summary>The path between the two sides of one connection: delivers in order, after the network's delay. All members need the network's lock.</summary>
/// <param name="network">The network.</param>
/// <param name="client">The client's address.</param>
/// <param name="server">The server's address.</param>
internal sealed class MemoryLink(MemoryNetwork network, IPEndPoint client, IPEndPoint server)
{
    // A packet is taken to carry so many bytes of frames, behind headers and the AEAD tag of so many.
    private const int PacketPayload = 1200;
    private const int PacketOverhead = 30;

    private readonly PriorityQueue<(bool ToServer, Action Deliver), long> _held = new();
    private long _lastDueToServer;
    private long _lastDueToClient;
    private long _sequence;
    private int _endedSides;

    /// <summary>The client's address now.</summary>
    public IPEndPoint Client { get; private set; } = client;

    /// <summary>The server's address.</summary>
    public IPEndPoint Server { get; } = server;

    /// <summary>The client's side, from the start of the handshake.</summary>
    public MemoryConnection? ClientSide { get; set; }

    /// <summary>The server's side, once the client's hello has arrived.</summary>
    public MemoryConnection? ServerSide { get; set; }

    /// <summary>The handshake, which a listener that stops ends.</summary>
    public MemoryHandshake? Handshake { get; set; }

    /// <summary>The round-trip time of the path.</summary>
    public TimeSpan RoundTripTime => network.RoundTripTimeTo(Server);

    /// <summary>Sends something to the other side.</summary>
    /// <param name="fromServer">Who sends.</param>
    /// <param name="bytes">Size of the frames, for the figures.</param>
    /// <param name="deliver">What the arrival does; under the lock, must not call application code.</param>
    public void Send(bool fromServer, int bytes, Action deliver)
    {
        int packets = Math.Max(1, (bytes + PacketPayload - 1) / PacketPayload);
        int size = bytes + (packets * PacketOverhead);
        (fromServer ? ServerSide : ClientSide)?.CountSent(packets, size);
        Post(!fromServer, _sequence++, () =>
        {
            (fromServer ? ClientSide : ServerSide)?.CountReceived(packets, size);
            deliver();
        });
    }

    /// <summary>Lets go what was held while the path was stalled.</summary>
    public void Release()
    {
        while (!network.IsStalled(Server) && _held.TryDequeue(out (bool ToServer, Action Deliver) next, out long sequence))
        {
            Post(next.ToServer, sequence, next.Deliver);
        }
    }

    /// <summary>Ends both sides without a word.</summary>
    public void Kill()
    {
        var close = new ConnectionClose(CloseInitiator.None, TransportError.ConnectionLost, null, null, "The path was cut by the test's network.");
        ClientSide?.End(close);
        ServerSide?.End(close);
    }

    /// <summary>Notes that one side is over; with the second the link is.</summary>
    public void EndSide()
    {
        if (++_endedSides >= 2 || ServerSide is null)
        {
            network.Remove(this);
        }
    }

    /// <summary>Moves the client to another address.</summary>
    /// <param name="client">An address bound for it.</param>
    public void MoveClient(IPEndPoint client)
    {
        network.Unbind(Client);
        Client = client;
    }

    private void Post(bool toServer, long sequence, Action deliver)
    {
        if (network.IsStalled(Server))
        {
            _held.Enqueue((toServer, deliver), sequence);
            return;
        }

        ref long last = ref toServer ? ref _lastDueToServer : ref _lastDueToClient;

        // A path whose delay shrinks must not let later packets overtake.
        last = Math.Max(last, network.Now + (RoundTripTime.Ticks / 2));
        network.ScheduleAt(last, () =>
        {
            if (network.IsStalled(Server))
            {
                _held.Enqueue((toServer, deliver), sequence);
            }
            else
            {
                deliver();
            }
        });
    }
}
