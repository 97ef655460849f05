namespace Net.Client;

/// <summary>How calls of one kind are sent, and what their ends mean. Stateless: one instance serves all calls; what belongs to a call is in <typeparamref name="TCall"/>.</summary>
/// <typeparam name="TCall">The call: what to send, again if need be.</typeparam>
/// <typeparam name="TResult">What it results in.</typeparam>
public abstract class CallHandler<TCall, TResult>
{
    /// <summary>Sends the call once.</summary>
    /// <param name="request">The call. Hedged attempts use it at the same time.</param>
    /// <param name="lease">Where to. The runner completes it, unless the verdict says that the result keeps it.</param>
    /// <param name="attempt">Which attempt this is.</param>
    /// <param name="cancellationToken">
    /// Ends the attempt: its caller gave up, its time is over, or another attempt has won. An attempt that does not heed it within 100 ms is left behind: its lease is completed, and what it
    /// returns later is discarded.
    /// </param>
    /// <returns>The result, be it a failure that the server answered with, or an exception.</returns>
    public abstract ValueTask<TResult> SendAsync(TCall request, ChannelLease lease, AttemptContext attempt, CancellationToken cancellationToken);

    /// <summary>Says what a result means. Default: success.</summary>
    /// <param name="request">The call.</param>
    /// <param name="result">What <see cref="SendAsync"/> returned.</param>
    /// <returns>The verdict.</returns>
    public virtual AttemptVerdict Classify(TCall request, TResult result) => new(CallOutcome.Success);

    /// <summary>Says what an exception means. Default: <see cref="AttemptVerdict.Of(Exception)"/>. Not asked for what the runner's own token caused.</summary>
    /// <param name="request">The call.</param>
    /// <param name="exception">What <see cref="SendAsync"/> threw.</param>
    /// <returns>The verdict.</returns>
    public virtual AttemptVerdict Classify(TCall request, Exception exception) => AttemptVerdict.Of(exception);

    /// <summary>Gives up a result that nobody will see: a failure that is followed by another attempt, or an answer that came second. Must not throw. Default: disposes it when it can be.</summary>
    /// <param name="request">The call.</param>
    /// <param name="result">The result.</param>
    public virtual void Discard(TCall request, TResult result) => (result as IDisposable)?.Dispose();
}
