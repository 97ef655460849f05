namespace Net.Testing;

/// <summary>An application's wait for something on a <see cref="MemoryNetwork"/>. All members need the network's lock; the application's continuation runs outside it.</summary>
/// <typeparam name="T">What is waited for.</typeparam>
/// <param name="network">The network.</param>
/// <param name="inline">Whether continuations run on the completing thread instead of the thread pool.</param>
internal sealed class MemoryWaiter<T>(MemoryNetwork network, bool inline) : IMemoryWait
{
    private readonly TaskCompletionSource<T> _source = new(inline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenRegistration _registration;

    /// <summary>Completes with the result.</summary>
    public Task<T> Task => _source.Task;

    /// <summary>Whether the outcome is decided.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Ends the wait when a token is cancelled.</summary>
    /// <param name="onCancel">Takes the waiter out of where it waits; called under the lock.</param>
    /// <param name="cancellationToken">The caller's token.</param>
    public void CancelWith(Action onCancel, CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister((_, token) =>
            {
                using MemoryNetwork.Scope scope = network.Enter();
                if (Finish(() => _source.TrySetCanceled(token)))
                {
                    onCancel();
                }
            }, null);
        }
    }

    /// <summary>Ends the wait well.</summary>
    /// <param name="result">The result.</param>
    /// <returns>Whether this decided the outcome.</returns>
    public bool TrySetResult(T result) => Finish(() => _source.TrySetResult(result));

    /// <summary>Ends the wait badly.</summary>
    /// <param name="exception">Why.</param>
    /// <returns>Whether this decided the outcome.</returns>
    public bool TrySetException(Exception exception) => Finish(() =>
    {
        _source.TrySetException(exception);

        // Not everybody awaits what can be awaited, such as SendCompletion: a failure that nobody looks at is no news.
        _ = _source.Task.Exception;
    });

    private bool Finish(Action complete)
    {
        if (IsOver)
        {
            return false;
        }

        IsOver = true;
        network.Defer(() =>
        {
            _registration.Unregister();
            complete();
        });
        return true;
    }
}
