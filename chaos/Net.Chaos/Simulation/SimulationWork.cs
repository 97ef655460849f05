using System.Collections.Concurrent;
using Net.Client.Internal;

namespace Net.Chaos.Simulation;

/// <summary>The pools' own work, kept until the simulation runs it, in order and on its thread. Waiters go on inside.</summary>
internal sealed class SimulationWork : PoolWork
{
    private readonly ConcurrentQueue<IThreadPoolWorkItem> _items = new();

    internal override TaskCreationOptions WaiterOptions => TaskCreationOptions.None;

    internal override bool IsSingleThreaded => true;

    internal override void Post(IThreadPoolWorkItem item) => _items.Enqueue(item);

    internal void Post(Action action) => _items.Enqueue(new Item(action));

    internal bool TryRun()
    {
        if (!_items.TryDequeue(out IThreadPoolWorkItem? item))
        {
            return false;
        }

        item.Execute();
        return true;
    }

    private sealed class Item(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }
}
