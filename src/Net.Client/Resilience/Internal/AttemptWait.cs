using System.Runtime.CompilerServices;

namespace Net.Client;

/// <summary>Waits for what a handler does, but not beyond its token.</summary>
internal static class AttemptWait
{
    /// <summary>How long an attempt that was cancelled may take to end by itself.</summary>
    internal static readonly TimeSpan UnwindTime = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits for an attempt. A handler that does not heed its token must not keep the call beyond its deadline: what it returns later is discarded.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal static async ValueTask<TResult> WaitAsync<TCall, TResult>(Task<TResult> sending, TCall call, CallHandler<TCall, TResult> handler, TimeProvider clock, CancellationToken token)
    {
        try
        {
            return await sending.WaitAsync(token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // Perhaps the attempt has ended all the same, or ends now: what it says counts.
        }

        try
        {
            return await sending.WaitAsync(UnwindTime, clock, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!sending.IsCompleted)
        {
            _ = DiscardLateAsync(sending, call, handler);
            throw new OperationCanceledException($"The attempt did not end within {UnwindTime.TotalMilliseconds} ms after it was cancelled and was left behind.", token);
        }
    }

    private static async Task DiscardLateAsync<TCall, TResult>(Task<TResult> sending, TCall call, CallHandler<TCall, TResult> handler)
    {
        await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (sending.IsCompletedSuccessfully)
        {
            handler.Discard(call, await sending.ConfigureAwait(false));
        }
    }
}
