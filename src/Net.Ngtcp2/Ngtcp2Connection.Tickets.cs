namespace Net.Ngtcp2;

// The application's ticket store. It only makes later handshakes shorter, so that its failures are logged and the connection goes on without it.
internal sealed partial class Ngtcp2Connection
{
    private SessionTicketStore? TicketStore => (Options as ConnectOptions)?.Tls.TicketStore;

    internal SessionTicket? TakeTicket()
    {
        try
        {
            return TicketStore?.TakeTicket(TicketKey);
        }
        catch (Exception exception)
        {
            _host.Logger.TicketStoreFailed(Id, nameof(SessionTicketStore.TakeTicket), exception);
            return null;
        }
    }

    internal ReadOnlyMemory<byte> TakeToken()
    {
        try
        {
            return TicketStore?.TakeToken(TicketKey) ?? default;
        }
        catch (Exception exception)
        {
            _host.Logger.TicketStoreFailed(Id, nameof(SessionTicketStore.TakeToken), exception);
            return default;
        }
    }

    internal void AddTicket(byte[] session, byte[] transportParameters)
    {
        try
        {
            TicketStore?.AddTicket(TicketKey, new SessionTicket(session, transportParameters, _host.TimeProvider.GetUtcNow()));
        }
        catch (Exception exception)
        {
            _host.Logger.TicketStoreFailed(Id, nameof(SessionTicketStore.AddTicket), exception);
        }
    }

    internal void AddToken(byte[] token)
    {
        try
        {
            TicketStore?.AddToken(TicketKey, token);
        }
        catch (Exception exception)
        {
            _host.Logger.TicketStoreFailed(Id, nameof(SessionTicketStore.AddToken), exception);
        }
    }
}
