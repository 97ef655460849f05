using System.Threading.Tasks.Sources;

namespace Net.Ngtcp2;

/// <summary>What the driver made and the application has not taken yet. One taker at a time; what waits is bounded by the peer's stream limit or the listener's backlog.</summary>
internal sealed class AcceptQueue<T> : IValueTaskSource<T>
    where T : class
{
    private readonly Lock _lock = new();
    private readonly Queue<T> _items = new();
    private ManualResetValueTaskSourceCore<T> _core;
    private CancellationTokenRegistration _registration;
    private CancellationToken _token;
    private bool _isWaiting;

    // From the beginning of a wait until its result was fetched: only then may the one source, and the registration of its token, serve another taker.
    private bool _isInUse;
    private Exception? _failure;

    internal AcceptQueue(bool inline) => _core.RunContinuationsAsynchronously = !inline;

    internal int Count
    {
        get
        {
            lock (_lock)
            {
                return _items.Count;
            }
        }
    }

    internal void Add(T item)
    {
        lock (_lock)
        {
            if (!_isWaiting)
            {
                _items.Enqueue(item);
                return;
            }

            _isWaiting = false;
        }

        _core.SetResult(item);
    }

    /// <summary>Ends the queue: items that are left can still be taken, then takers get the failure.</summary>
    internal void Fail(Exception failure)
    {
        lock (_lock)
        {
            _failure ??= failure;
            if (!_isWaiting)
            {
                return;
            }

            _isWaiting = false;
        }

        _core.SetException(Copy(failure));
    }

    internal ValueTask<T> TakeAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<T>(cancellationToken);
        }

        lock (_lock)
        {
            if (_isInUse)
            {
                throw new InvalidOperationException("Another accept is waiting; only one may at a time.");
            }

            if (_items.TryDequeue(out T? item))
            {
                return new ValueTask<T>(item);
            }

            if (_failure is not null)
            {
                return ValueTask.FromException<T>(Copy(_failure));
            }

            _core.Reset();
            _isWaiting = _isInUse = true;
            _token = cancellationToken;
        }

        short version = _core.Version;
        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister(static state => ((AcceptQueue<T>)state!).Cancel(), this);
        }

        return new ValueTask<T>(this, version);
    }

    T IValueTaskSource<T>.GetResult(short token)
    {
        // Without a result, or when another wait has begun since, this throws and changes nothing.
        if (_core.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            throw new InvalidOperationException("The accept is not over: await it.");
        }

        _registration.Dispose();
        _registration = default;
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            lock (_lock)
            {
                _isInUse = false;
            }
        }
    }

    ValueTaskSourceStatus IValueTaskSource<T>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<T>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    // Each taker gets an exception of its own, so that stack traces do not mix.
    private static Exception Copy(Exception failure) => failure is TransportException t
        ? new TransportException(t.Error, t.Message, t) { ApplicationErrorCode = t.ApplicationErrorCode, TransportErrorCode = t.TransportErrorCode, IsSafeToRetry = t.IsSafeToRetry }
        : failure;

    private void Cancel()
    {
        lock (_lock)
        {
            if (!_isWaiting)
            {
                return;
            }

            _isWaiting = false;
        }

        _core.SetException(new OperationCanceledException(_token));
    }
}
