namespace Net.Testing;

/// <summary>The tickets a client may offer in one handshake, at most one for each protocol.</summary>
/// <remarks>They are taken before the network's lock is entered, as the store is the application's.</remarks>
internal sealed class MemoryTickets
{
    private readonly MemoryEngine _engine;
    private readonly ConnectOptions _options;
    private readonly long _trustGeneration;

    private MemoryTickets(MemoryEngine engine, ConnectOptions options)
    {
        _engine = engine;
        _options = options;
        _trustGeneration = options.Tls.ServerCertificatePolicy.Generation;
        foreach (string protocol in options.ApplicationProtocols)
        {
            SessionTicketKey key = KeyFor(protocol);
            if (TakeTicket(key) is { } ticket)
            {
                Session = ticket.Session;
                return;
            }
        }
    }

    /// <summary>The session to offer; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Session { get; }

    /// <summary>Takes what the client has.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="options">Its options.</param>
    /// <returns>The tickets, or <c>null</c> when it keeps none.</returns>
    public static MemoryTickets? Take(MemoryEngine engine, ConnectOptions options) =>
        options.Tls.TicketStore is null || !engine.Capabilities.HasFlag(EngineCapabilities.Resumption) ? null : new MemoryTickets(engine, options);

    /// <summary>Keeps a ticket the server sent. Calls the application's store.</summary>
    /// <param name="protocol">The protocol agreed on.</param>
    /// <param name="session">The session.</param>
    public void Keep(string protocol, ReadOnlyMemory<byte> session)
    {
        SessionTicketKey key = KeyFor(protocol);
        try
        {
            _options.Tls.TicketStore!.AddTicket(key, new SessionTicket(session, default, _engine.Network.TimeProvider.GetUtcNow()));
        }
        catch (Exception)
        {
            // Without a ticket the next connection is not resumed, and no more (the contract of SessionTicketStore).
        }
    }

    private SessionTicket? TakeTicket(in SessionTicketKey key)
    {
        try
        {
            return _options.Tls.TicketStore!.TakeTicket(key);
        }
        catch (Exception)
        {
            return null;
        }
    }

    private SessionTicketKey KeyFor(string protocol) => new(
        _options.EffectiveServerName, _options.RemotePort, protocol, _options.Tls.Identity?.Generation ?? 0, _trustGeneration, _engine.Name);
}
