using System.Threading.Channels;

namespace Net.Testing;

/// <summary>A store of tickets that says when one has come, as tickets come after the handshake.</summary>
public sealed class NotifyingTicketStore : SessionTicketStore
{
    private readonly InMemorySessionTicketStore _inner = new(TimeProvider.System);
    private readonly Channel<bool> _added = Channel.CreateUnbounded<bool>();
    private SessionTicketKey? _lastKey;

    /// <summary>What the last ticket was kept under.</summary>
    public SessionTicketKey? LastKey => _lastKey;

    /// <summary>Waits for one more ticket than was waited for before.</summary>
    /// <returns>A task.</returns>
    public Task WaitForTicketAsync() => _added.Reader.ReadAsync().AsTask().WithTimeout(awaited: "a session ticket");

    /// <inheritdoc/>
    public override SessionTicket? TakeTicket(in SessionTicketKey key) => _inner.TakeTicket(key);

    /// <inheritdoc/>
    public override void AddTicket(in SessionTicketKey key, SessionTicket ticket)
    {
        _inner.AddTicket(key, ticket);
        _lastKey = key;
        _added.Writer.TryWrite(true);
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> TakeToken(in SessionTicketKey key) => _inner.TakeToken(key);

    /// <inheritdoc/>
    public override void AddToken(in SessionTicketKey key, ReadOnlyMemory<byte> token) => _inner.AddToken(key, token);
}
