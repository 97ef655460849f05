namespace Net;

/// <summary>A protocol that a channel can speak, and how a session of it is made. Immutable and shared: channels tell protocols apart by reference.</summary>
public abstract class ChannelProtocol
{
    /// <summary>Short name for people, traces and snapshots, such as <c>h3</c>, <c>net/1</c>, <c>h2</c> or <c>net/1+tls</c>. From a closed set, as it is a metric's tag.</summary>
    public abstract string Name { get; }

    /// <summary>What carries it, in the words of <c>network.transport</c>: <c>quic</c> (the default) or <c>tcp</c>.</summary>
    public virtual string Transport => "quic";

    /// <summary>
    /// The protocol that says the same over TCP, for networks that block UDP; <c>null</c> (the default): none. A channel races it against this one at each end point.
    /// Callers of this protocol must be able to use a session of either.
    /// </summary>
    public virtual ChannelProtocol? Fallback => null;

    /// <summary>Connects and makes the session ready for the first call: the handshake is done and what the protocol sends first is sent.</summary>
    /// <param name="context">Where and how.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <returns>The session, which the caller owns.</returns>
    /// <exception cref="TransportException">
    /// <see cref="TransportError.ConnectFailed"/>, <see cref="TransportError.CertificateRejected"/>, <see cref="TransportError.EngineMissing"/> or <see cref="TransportError.ProtocolViolation"/>.
    /// </exception>
    public abstract ValueTask<ChannelSession> ConnectAsync(ChannelConnectContext context, CancellationToken cancellationToken);

    /// <summary>The name.</summary>
    /// <returns><see cref="Name"/>.</returns>
    public sealed override string ToString() => Name;
}
