namespace Net;

/// <summary>Keeps session tickets and address validation tokens of a client. Thread-safe.</summary>
/// <remarks>
/// Engines call it on the thread that drives the connection: it must not block. An exception of a store is logged and has no other effect: the connection is opened, or goes on,
/// without what the store was asked to give or to keep.
/// </remarks>
public abstract class SessionTicketStore
{
    /// <summary>Takes a ticket out. A ticket is used once, so that connections cannot be linked by it (RFC 8446, appendix C.4).</summary>
    /// <param name="key">What it is for.</param>
    /// <returns>The newest ticket, or <c>null</c>.</returns>
    public abstract SessionTicket? TakeTicket(in SessionTicketKey key);

    /// <summary>Keeps a ticket.</summary>
    /// <param name="key">What it is for.</param>
    /// <param name="ticket">The ticket; the store owns it.</param>
    public abstract void AddTicket(in SessionTicketKey key, SessionTicket ticket);

    /// <summary>Takes an address validation token out (NEW_TOKEN, RFC 9000, section 8.1.3); each is used once.</summary>
    /// <param name="key">What it is for.</param>
    /// <returns>The token, or empty.</returns>
    public abstract ReadOnlyMemory<byte> TakeToken(in SessionTicketKey key);

    /// <summary>Keeps an address validation token.</summary>
    /// <param name="key">What it is for.</param>
    /// <param name="token">The token; the store owns it.</param>
    public abstract void AddToken(in SessionTicketKey key, ReadOnlyMemory<byte> token);
}
