using System.Security.Cryptography;
using Net.Ngtcp2.Tls;

namespace Net.Ngtcp2.Driver;

/// <summary>What the loops of one listener share: limits counted together, the secret, the TLS side, and the way accepted connections go.</summary>
internal sealed class ServerState
{
    internal const int SecretLength = 32;
    private readonly Action<Ngtcp2Connection> _deliver;
    private readonly Func<int> _waiting;
    private int _connections;
    private int _handshakes;
    private volatile bool _stopped;

    internal ServerState(ListenOptions options, ServerTlsContext tls, Action<Ngtcp2Connection> deliver, Func<int>? waiting = null)
    {
        _waiting = waiting ?? (static () => 0);
        Options = options;
        Tls = tls;
        _deliver = deliver;
        StaticSecret = options.StaticSecret.IsEmpty ? RandomNumberGenerator.GetBytes(SecretLength) : options.StaticSecret.ToArray();
    }

    internal ListenOptions Options { get; }

    internal ServerTlsContext Tls { get; }

    internal byte[] StaticSecret { get; }

    internal int Connections => Volatile.Read(ref _connections);

    internal int Handshakes => Volatile.Read(ref _handshakes);

    /// <summary>Retry packets sent since the start.</summary>
    internal long Retries;

    /// <summary>Connections refused since the start.</summary>
    internal long Refusals;

    /// <summary>Stateless resets sent since the start.</summary>
    internal long StatelessResets;

    /// <summary>Version Negotiation packets sent since the start.</summary>
    internal long VersionNegotiations;

    /// <summary>Whether clients must prove their address first.</summary>
    internal bool WantsRetry => Volatile.Read(ref _handshakes) >= Options.RetryThreshold;

    internal bool IsStopped => _stopped;

    internal void Stop() => _stopped = true;

    /// <summary>Takes a place for a new connection.</summary>
    internal bool TryBegin()
    {
        if (_stopped || _waiting() >= Options.Backlog)
        {
            return false;
        }

        if (Interlocked.Increment(ref _connections) > Options.MaxConnections)
        {
            Interlocked.Decrement(ref _connections);
            return false;
        }

        if (Interlocked.Increment(ref _handshakes) > Options.MaxHandshakes)
        {
            Interlocked.Decrement(ref _handshakes);
            Interlocked.Decrement(ref _connections);
            return false;
        }

        return true;
    }

    internal void NoteHandshakeEnded() => Interlocked.Decrement(ref _handshakes);

    internal void NoteEnded(bool handshakeWasCompleted)
    {
        Interlocked.Decrement(ref _connections);
        if (!handshakeWasCompleted)
        {
            Interlocked.Decrement(ref _handshakes);
        }
    }

    internal void Deliver(Ngtcp2Connection connection) => _deliver(connection);
}
