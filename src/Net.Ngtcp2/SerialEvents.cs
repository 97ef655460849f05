namespace Net.Ngtcp2;

/// <summary>Runs event handlers on the thread pool, one after the other and in order.</summary>
internal sealed class SerialEvents : IThreadPoolWorkItem
{
    private readonly Lock _lock = new();
    private readonly Queue<Action> _pending = new();
    private bool _isRunning;

    internal void Raise(Action handler)
    {
        lock (_lock)
        {
            _pending.Enqueue(handler);
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (true)
        {
            Action handler;
            lock (_lock)
            {
                if (!_pending.TryDequeue(out Action? next))
                {
                    _isRunning = false;
                    return;
                }

                handler = next;
            }

            handler();
        }
    }
}
