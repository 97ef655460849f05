using System.IO.Pipelines;

namespace Net.MsQuic.Internal;

/// <summary>
/// Runs continuations on the thread pool, next on the thread that asks for it: a stream's pump goes idle right after it has handed bytes over, so the same core goes on with them.
/// </summary>
internal sealed class LocalQueueScheduler : PipeScheduler
{
    /// <summary>The only instance.</summary>
    internal static LocalQueueScheduler Instance { get; } = new();

    /// <inheritdoc/>
    public override void Schedule(Action<object?> action, object? state) => System.Threading.ThreadPool.UnsafeQueueUserWorkItem(action, state, preferLocal: true);
}
