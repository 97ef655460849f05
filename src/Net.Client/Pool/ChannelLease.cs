using System.Diagnostics;

namespace Net.Client;

/// <summary>The right to run one call or stream on a session. It counts from the pick to <see cref="Complete"/>, which belongs at the END of the call or stream, not at its first byte.</summary>
/// <remarks>
/// A small value: copies are the same lease, and completing any of them, once or often, on any thread, completes it once. A lease that is lost without being completed is found by the garbage
/// collector and given back as cancelled, with a warning in the log.
/// </remarks>
public readonly struct ChannelLease : IDisposable, IEquatable<ChannelLease>
{
    private readonly LeaseState? _state;
    private readonly long _version;

    internal ChannelLease(LeaseState state)
    {
        _state = state;
        _version = state.Version;
    }

    /// <summary>The session to begin the call on. The pool owns it.</summary>
    /// <exception cref="ObjectDisposedException">The lease was completed.</exception>
    public ChannelSession Session => Checked(_state?.Session);

    /// <summary>The end point, as it was when the lease was made.</summary>
    /// <exception cref="ObjectDisposedException">The lease was completed.</exception>
    public ChannelEndPoint EndPoint => Checked(_state?.EndPoint);

    /// <summary>Number of the end point in its channel, never used again for another; for <see cref="TriedEndPoints"/>. 0 when the lease was completed.</summary>
    public int EndPointId => _state is { } state && state.EndPointId is int id && !IsCompleted ? id : 0;

    /// <summary>Number of the connection in its channel, as in the snapshot. 0 when the lease was completed.</summary>
    public long ConnectionId => _state is { } state && state.ConnectionId is long id && !IsCompleted ? id : 0;

    /// <summary>Which transport won for this connection, and why. Empty when the lease was completed.</summary>
    public string Choice => _state is { } state && state.Choice is { } choice && !IsCompleted ? choice : "";

    /// <summary>Whether it was completed. A default value counts as completed.</summary>
    public bool IsCompleted => _state is null || _state.Version != _version;

    /// <summary>Notes that the first answer came: what a long stream then goes on to take is not held against the end point's speed. Calls without it count with their whole time.</summary>
    public void NoteFirstAnswer()
    {
        if (!IsCompleted)
        {
            _state!.NoteAnswer();
        }
    }

    /// <summary>Puts where the call goes on its span: address, transport, connection, and why this transport.</summary>
    /// <param name="activity">The span; <c>null</c> or one that records nothing is left alone.</param>
    public void Describe(Activity? activity)
    {
        if (activity is not { IsAllDataRequested: true } || _state is not { Session: { } session, EndPoint: { } endPoint, ConnectionId: var connectionId, Choice: var choice } || IsCompleted)
        {
            return;
        }

        activity.SetTag("server.address", endPoint.EffectiveServerName);
        activity.SetTag("server.port", endPoint.Address.Port);
        activity.SetTag("network.transport", session.Connection is null ? "tcp" : "quic");
        activity.SetTag("network.protocol.name", session.Protocol);
        activity.SetTag("transport.pool.connection", connectionId);
        activity.SetTag("transport.pool.choice", choice);
        if (session.Connection is { } connection)
        {
            activity.SetTag("network.peer.address", connection.RemoteEndPoint.Address.ToString());
            activity.SetTag("network.peer.port", connection.RemoteEndPoint.Port);
        }
    }

    /// <summary>Gives the place back and tells breaker, load figures and health how the call ended. Only the first call counts.</summary>
    /// <param name="outcome">How it ended.</param>
    public void Complete(CallOutcome outcome) => _state?.TryComplete(_version, outcome);

    /// <summary>Completes with <see cref="CallOutcome.Cancelled"/> what was not completed.</summary>
    public void Dispose() => Complete(CallOutcome.Cancelled);

    /// <inheritdoc/>
    public bool Equals(ChannelLease other) => ReferenceEquals(_state, other._state) && _version == other._version;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ChannelLease other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_state, _version);

    /// <summary>Whether both are the same lease.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>Whether they are.</returns>
    public static bool operator ==(ChannelLease left, ChannelLease right) => left.Equals(right);

    /// <summary>Whether they are different leases.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>Whether they are.</returns>
    public static bool operator !=(ChannelLease left, ChannelLease right) => !left.Equals(right);

    // The state may be lent again between the read and the check: what was read then belongs to another call, and is not given out.
    private T Checked<T>(T? value)
        where T : class => value is null || IsCompleted
            ? throw new ObjectDisposedException(nameof(ChannelLease), "The lease was completed; its session may serve other calls or be closed. Complete a lease after the call has ended.")
            : value;
}
