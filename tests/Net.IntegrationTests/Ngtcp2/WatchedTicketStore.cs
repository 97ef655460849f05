using System.Threading.Channels;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>A ticket store that tells when something came, and lets a test look into it.</summary>
internal sealed class WatchedTicketStore : SessionTicketStore
{
    private readonly InMemorySessionTicketStore _inner = new(TimeProvider.System);
    private readonly Channel<SessionTicketKey> _tickets = Channel.CreateUnbounded<SessionTicketKey>();
    private readonly Channel<SessionTicketKey> _tokens = Channel.CreateUnbounded<SessionTicketKey>();
    private int _ticketsTaken;
    private int _tokensTaken;

    /// <summary>Tickets that were found when asked for.</summary>
    internal int TicketsTaken => Volatile.Read(ref _ticketsTaken);

    /// <summary>Address validation tokens that were found when asked for.</summary>
    internal int TokensTaken => Volatile.Read(ref _tokensTaken);

    internal SessionTicket? LastTicket { get; private set; }

    /// <summary>Waits for one more ticket.</summary>
    internal async Task TicketAsync() => await _tickets.Reader.ReadAsync().WithTimeout(awaited: "a session ticket");

    /// <summary>Waits for one more address validation token.</summary>
    internal async Task TokenAsync() => await _tokens.Reader.ReadAsync().WithTimeout(awaited: "an address validation token");

    public override SessionTicket? TakeTicket(in SessionTicketKey key)
    {
        SessionTicket? ticket = _inner.TakeTicket(key);
        Interlocked.Add(ref _ticketsTaken, ticket is null ? 0 : 1);
        return ticket;
    }

    public override void AddTicket(in SessionTicketKey key, SessionTicket ticket)
    {
        LastTicket = ticket;
        _inner.AddTicket(key, ticket);
        _tickets.Writer.TryWrite(key);
    }

    public override ReadOnlyMemory<byte> TakeToken(in SessionTicketKey key)
    {
        ReadOnlyMemory<byte> token = _inner.TakeToken(key);
        Interlocked.Add(ref _tokensTaken, token.IsEmpty ? 0 : 1);
        return token;
    }

    public override void AddToken(in SessionTicketKey key, ReadOnlyMemory<byte> token)
    {
        _inner.AddToken(key, token);
        _tokens.Writer.TryWrite(key);
    }
}
