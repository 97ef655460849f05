using System.Collections.Concurrent;
using System.IO.Pipelines;

namespace Net.Ngtcp2.Memory;

/// <summary>Keeps the pipes of streams that are over for the next ones: a pipe is most of what a short stream would allocate.</summary>
internal sealed class PipePool
{
    private const int MaxKept = 1024;

    private static readonly ConcurrentDictionary<(bool IsReceive, bool Inline, int Limit), PipePool> Pools = new();

    private readonly ConcurrentQueue<Pipe> _free = new();
    private readonly PipeOptions _options;
    private int _kept;

    private PipePool(PipeOptions options) => _options = options;

    /// <summary>How many pipes wait for a stream.</summary>
    internal int Kept => Volatile.Read(ref _kept);

    /// <summary>The pool for what peers send. Their window bounds these pipes, so that they need no threshold of their own.</summary>
    /// <param name="inline">Whether readers go on inside the flush.</param>
    internal static PipePool ForReceiving(bool inline) => Pools.GetOrAdd((true, inline, 0), static key => new PipePool(new PipeOptions(
        PinnedBlockPool.Instance, SchedulerOf(key.Inline), PipeScheduler.Inline, 0, 0, PinnedBlockPool.SmallestBlock, useSynchronizationContext: false)));

    /// <summary>The pool for what this side sends.</summary>
    /// <param name="inline">Whether writers go on inside the call that gives them room.</param>
    /// <param name="limit">Bytes that the driver has not noted as sent or freed, before a flush waits.</param>
    internal static PipePool ForSending(bool inline, int limit) => Pools.GetOrAdd((false, inline, limit), static key => new PipePool(new PipeOptions(
        PinnedBlockPool.Instance, PipeScheduler.Inline, SchedulerOf(key.Inline), key.Limit, Math.Max(1, key.Limit / 3), PinnedBlockPool.SmallestBlock, useSynchronizationContext: false)));

    /// <summary>Gives a pipe as good as new.</summary>
    internal Pipe Rent()
    {
        if (_free.TryDequeue(out Pipe? pipe))
        {
            Interlocked.Decrement(ref _kept);
            return pipe;
        }

        return new Pipe(_options);
    }

    /// <summary>Takes a pipe back that nobody uses any more and whose two ends are completed.</summary>
    /// <remarks>
    /// A pipe counts what was written ahead of a flush also after its writer was completed, as by a thread that still writes while another disposes the stream, and no reset clears that count: the next
    /// stream would send as many bytes of whatever the block held before. Such a pipe is left to the garbage collector.
    /// </remarks>
    internal void Return(Pipe pipe)
    {
        if (pipe.Writer.UnflushedBytes != 0)
        {
            return;
        }

        if (Interlocked.Increment(ref _kept) > MaxKept)
        {
            Interlocked.Decrement(ref _kept);
            return;
        }

        pipe.Reset();
        _free.Enqueue(pipe);
    }

    private static PipeScheduler SchedulerOf(bool inline) => inline ? PipeScheduler.Inline : PipeScheduler.ThreadPool;
}
