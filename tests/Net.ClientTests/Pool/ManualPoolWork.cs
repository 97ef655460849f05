using Net.Client.Internal;

namespace Net.ClientTests.Pool;

/// <summary>Keeps the pool's work until the test runs it, on the test's thread and in order.</summary>
internal sealed class ManualPoolWork : PoolWork
{
    private readonly Queue<IThreadPoolWorkItem> _items = new();

    internal override TaskCreationOptions WaiterOptions => TaskCreationOptions.None;

    internal override bool IsSingleThreaded => true;

    internal int Count => _items.Count;

    internal override void Post(IThreadPoolWorkItem item) => _items.Enqueue(item);

    internal void RunAll()
    {
        while (_items.TryDequeue(out IThreadPoolWorkItem? item))
        {
            item.Execute();
        }
    }
}
