using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Net.Client.Internal;

namespace Net.Client;

/// <summary>Finds the end points of a channel, and goes on finding them. Thread-safe; one resolver may serve several channels, each with an enumeration of its own.</summary>
public abstract class EndPointResolver
{
    private TaskCompletionSource _refresh = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Makes a resolver.</summary>
    /// <param name="logger">Where failures are logged; <c>null</c>: nowhere.</param>
    protected EndPointResolver(ILogger? logger = null) => Logger = logger ?? NullLogger.Instance;

    /// <summary>Raised when a resolution failed and what was known before stays. Handlers run on the resolver's loop, without a lock, and do not block.</summary>
    public event EventHandler<ResolveFailedEventArgs>? Failed;

    /// <summary>What it resolves, for logs, such as <c>dns:example.org:443</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Where failures are logged.</summary>
    protected ILogger Logger { get; }

    /// <summary>Completes with the next <see cref="RequestRefresh"/>. Take it before resolving, so that a request in between is not lost.</summary>
    protected Task RefreshRequested => Volatile.Read(ref _refresh).Task;

    /// <summary>Resolves: each list is the whole new truth. The first comes as soon as it is known, the next whenever the end points have changed.</summary>
    /// <param name="cancellationToken">Ends the enumeration with <see cref="OperationCanceledException"/>. It ends in no other way: failures are events.</param>
    /// <returns>Immutable lists, never empty, without two end points in one place.</returns>
    public abstract IAsyncEnumerable<ImmutableArray<ChannelEndPoint>> ResolveAsync(CancellationToken cancellationToken = default);

    /// <summary>Asks for a resolution now, as after a connection failed. Cheap; may be called as often as one likes, as the resolver limits its own rate.</summary>
    public void RequestRefresh() =>
        Interlocked.Exchange(ref _refresh, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Logs a failure and raises <see cref="Failed"/>.</summary>
    /// <param name="failure">What went wrong.</param>
    /// <param name="keepsOld">Whether an earlier list stays in use.</param>
    protected void ReportFailure(Exception failure, bool keepsOld)
    {
        ArgumentNullException.ThrowIfNull(failure);
        ResolvingLog.Failed(Logger, failure, Name, keepsOld);
        try
        {
            Failed?.Invoke(this, new ResolveFailedEventArgs(failure, keepsOld));
        }
        catch (Exception exception)
        {
            // A listener's fault must not end the resolving.
            ResolvingLog.ListenerBroke(Logger, exception, Name);
        }
    }

    /// <summary>Waits for a time or until a refresh is asked for, whichever comes first.</summary>
    /// <param name="refresh">A task taken from <see cref="RefreshRequested"/> before the last resolution.</param>
    /// <param name="time">How long at the most.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that completes then.</returns>
    protected static async Task WaitAsync(Task refresh, TimeSpan time, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(refresh);
        using var woken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task delay = Task.Delay(time, timeProvider, woken.Token);
        await Task.WhenAny(refresh, delay).ConfigureAwait(false);

        // Whichever way it ended, no timer stays behind. Nobody else listens to this token, so that cancelling it runs no foreign code.
        woken.Cancel();
        cancellationToken.ThrowIfCancellationRequested();
    }
}
