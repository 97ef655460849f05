namespace Net.IntegrationTests.Interop;

/// <summary>Keeps tickets and tokens in memory and tells when the first of each has come.</summary>
internal sealed class WaitableTicketStore : SessionTicketStore
{
    private readonly InMemorySessionTicketStore _inner = new(TimeProvider.System);
    private readonly TaskCompletionSource _ticketCame = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _tokenCame = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task TicketCame => _ticketCame.Task;

    public Task TokenCame => _tokenCame.Task;

    public override SessionTicket? TakeTicket(in SessionTicketKey key) => _inner.TakeTicket(key);

    public override void AddTicket(in SessionTicketKey key, SessionTicket ticket)
    {
        _inner.AddTicket(key, ticket);
        _ticketCame.TrySetResult();
    }

    public override ReadOnlyMemory<byte> TakeToken(in SessionTicketKey key) => _inner.TakeToken(key);

    public override void AddToken(in SessionTicketKey key, ReadOnlyMemory<byte> token)
    {
        _inner.AddToken(key, token);
        _tokenCame.TrySetResult();
    }
}
