namespace Net.Server;

/// <summary>Serves the raw streams of one connection and ends it when the server does.</summary>
internal sealed class RawStreamConnection
{
    private readonly RawStreamRouter _router;
    private readonly TransportConnection _connection;

    // One for the accept loop, so that the count reaches 0 only after the last stream that it brought.
    private readonly InFlight _work = new();
    private int _running;
    private int _isClosing;
    private int _wasCut;
    private Task _closing = Task.CompletedTask;

    internal RawStreamConnection(RawStreamRouter router, TransportConnection connection, CancellationToken draining)
    {
        _router = router;
        _connection = connection;
        Draining = draining;
    }

    /// <summary>Cancelled when the server is about to end.</summary>
    internal CancellationToken Draining { get; }

    internal async Task ServeAsync(CancellationToken aborting)
    {
        CancellationTokenRegistration drain = Draining.UnsafeRegister(static state => ((RawStreamConnection)state!).Drain(), this);
        CancellationTokenRegistration abort = aborting.UnsafeRegister(
            static state => ((RawStreamConnection)state!).Close(RawStreamErrorCodes.ShuttingDown, "The server is ending."), this);
        await using (drain.ConfigureAwait(false))
        await using (abort.ConfigureAwait(false))
        {
            await new StreamAcceptLoop(_connection, Serve).RunAsync().ConfigureAwait(false);
            await _work.WhenIdle().ConfigureAwait(false);
        }

        await _closing.ConfigureAwait(false);
    }

    /// <summary>A stream that a handler has seen ended otherwise than with an answer that arrived whole. Its reset may be lost on the way, so that closing the connection proves nothing of it any more.</summary>
    internal void NoteCut() => Volatile.Write(ref _wasCut, 1);

    /// <summary>Ends one stream's part in the connection.</summary>
    internal void Exit()
    {
        if (Interlocked.Decrement(ref _running) == 0 && Draining.IsCancellationRequested)
        {
            CloseQuietly();
        }

        _work.Exit();
    }

    private void Serve(TransportStream stream)
    {
        // Counted before the look at the token, which is cancelled before Drain looks at the count: one of the two sees the other.
        _work.TryEnter(int.MaxValue);
        Interlocked.Increment(ref _running);
        _ = new RawStreamServing(_router, this, _connection, stream).RunAsync();
    }

    private void Drain()
    {
        if (Volatile.Read(ref _running) == 0)
        {
            CloseQuietly();
        }
    }

    // A stream that is on its way just now meets a connection that is gone: only the code can tell its sender that no handler has seen it.
    private void CloseQuietly() => Close(Volatile.Read(ref _wasCut) == 0 ? RawStreamErrorCodes.GoingAway : RawStreamErrorCodes.NoError, "");

    private void Close(long errorCode, string reason)
    {
        if (Interlocked.Exchange(ref _isClosing, 1) == 0)
        {
            _closing = CloseAsync(errorCode, reason);
        }
    }

    private async Task CloseAsync(long errorCode, string reason)
    {
        try
        {
            await _connection.CloseAsync(errorCode, reason, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TransportException)
        {
            // It is gone already, which is what was wanted.
        }
    }
}
