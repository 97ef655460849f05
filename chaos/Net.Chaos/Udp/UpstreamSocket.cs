using System.Net;

namespace Net.Chaos.Udp;

/// <summary>A socket of a session towards the server. Used on the relay's thread.</summary>
internal abstract class UpstreamSocket(UdpSession session, bool isStray)
{
    /// <summary>The session it belongs to.</summary>
    internal UdpSession Session { get; } = session;

    /// <summary>Whether what comes back is counted and not passed on.</summary>
    internal bool IsStray { get; } = isStray;

    /// <summary>Where the server sees it.</summary>
    internal abstract IPEndPoint Local { get; }

    /// <summary>Sends datagrams of equal length, the last perhaps shorter.</summary>
    internal abstract void Send(ReadOnlySpan<byte> data, int segmentSize, byte ecn);

    /// <summary>Stops listening but keeps the port, as a NAT does that has forgotten a mapping: what still comes is lost in silence.</summary>
    internal abstract void Mute();

    internal abstract void Close();
}
