using System.Buffers;
using System.Collections.Concurrent;
using System.Numerics;

namespace Net.Ngtcp2.Memory;

/// <summary>Blocks of memory that the garbage collector never moves, so that native code may hold their addresses.</summary>
/// <remarks>
/// A pipe takes its segments from here for every size, also for large requests: memory from anywhere else could move under the native library.
/// Sizes are powers of two from 4 KiB to 1 MiB; each class keeps a bounded number of blocks. Larger ones are made and dropped.
/// </remarks>
internal sealed class PinnedBlockPool : MemoryPool<byte>
{
    internal const int SmallestBlock = 4096;
    private const int Classes = 9;
    private const int KeptBytesPerClass = 32 << 20;
    private readonly SizeClass[] _classes = new SizeClass[Classes];

    private PinnedBlockPool()
    {
        for (int i = 0; i < Classes; i++)
        {
            _classes[i] = new SizeClass(SmallestBlock << i);
        }
    }

    /// <summary>The one pool of the process.</summary>
    internal static PinnedBlockPool Instance { get; } = new();

    /// <inheritdoc/>
    public override int MaxBufferSize => int.MaxValue;

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        int wanted = Math.Max(minBufferSize, SmallestBlock);
        int index = Math.Max(0, BitOperations.Log2((uint)(wanted - 1)) + 1 - BitOperations.Log2(SmallestBlock));
        return index < Classes ? _classes[index].Rent() : new Block(null, wanted);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // Lives as long as the process.
    }

    private sealed class SizeClass(int size)
    {
        private readonly ConcurrentQueue<Block> _free = new();
        private readonly int _maxKept = KeptBytesPerClass / size;
        private int _kept;

        internal Block Rent()
        {
            if (_free.TryDequeue(out Block? block))
            {
                Interlocked.Decrement(ref _kept);
                block.IsRented = true;
                return block;
            }

            return new Block(this, size) { IsRented = true };
        }

        internal void Return(Block block)
        {
            if (Interlocked.Increment(ref _kept) <= _maxKept)
            {
                _free.Enqueue(block);
            }
            else
            {
                Interlocked.Decrement(ref _kept);
            }
        }
    }

    private sealed class Block(SizeClass? owner, int size) : IMemoryOwner<byte>
    {
        private readonly byte[] _array = GC.AllocateUninitializedArray<byte>(size, pinned: true);

        internal bool IsRented { get; set; }

        public Memory<byte> Memory => _array;

        public void Dispose()
        {
            if (owner is not null && IsRented)
            {
                IsRented = false;
                owner.Return(this);
            }
        }
    }
}
