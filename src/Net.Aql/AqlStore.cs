using System.Buffers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Ordered collections of opaque keys and values: in memory alone, or with a log on disk from which they come back.</summary>
/// <remarks>
/// <code>
///            evaluate, one at a time          write and flush, in groups
/// request ─────────────────────────► head ─────────────────────────────► published ──► readers
///                                     ▲                                     │
///                                     └──────── the disk failed ────────────┘
/// </code>
/// Writers build on the head; readers see what is published, and a caller is answered when its commit is. So nobody ever sees what a crash could take back.
/// Everything is in memory; the disk is read only when the store is opened. Safe for use by many threads.
/// </remarks>
public sealed class AqlStore : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _writers = new(1, 1);
    private readonly ILogger _logger;
    private readonly LogWriter? _writer;
    private StoreState _head;
    private volatile StoreState _published;
    private List<PendingCommit> _pending = [];
    private ArrayBufferWriter<byte> _buffer = new();
    private long _pendingBytes;
    private int _waitingWriters;
    private volatile string? _reason;
    private volatile AqlStoreCondition _condition;

    private AqlStore(AqlStoreOptions options, StoreState state, ILogger logger, StoreDirectory? directory, CommitLog? log, AqlRecovery recovery)
    {
        Options = options;
        Recovery = recovery;
        _logger = logger;
        _head = state;
        _published = state;
        if (log is not null)
        {
            _writer = new LogWriter(this, directory!, log, logger);
        }
    }

    /// <summary>What the store was opened with.</summary>
    public AqlStoreOptions Options { get; }

    /// <summary>What was found when it was opened; all zeros for a store in memory.</summary>
    public AqlRecovery Recovery { get; }

    /// <summary>Whether it can be written to.</summary>
    public AqlStoreCondition Condition => _condition;

    /// <summary>Whether acknowledged writes survive the end of the process.</summary>
    public bool IsDurable => _writer is not null;

    /// <summary>Rows in all collections.</summary>
    public long RowCount => _published.Rows;

    /// <summary>Collections that hold rows.</summary>
    public int CollectionCount => _published.Collections.Count;

    /// <summary>What the rows count towards <see cref="AqlLimits.MaxTotalBytes"/>.</summary>
    public long TotalBytes => _published.Bytes;

    /// <summary>Why <see cref="Condition"/> is what it is; <c>null</c> while the store is healthy.</summary>
    internal string? Reason => _reason;

    /// <summary>The state that readers see. It never changes under them.</summary>
    internal StoreState Published => _published;

    /// <summary>Makes an empty store that ends with the process.</summary>
    /// <param name="options">Limits; <c>null</c>: the defaults.</param>
    /// <returns>The store.</returns>
    /// <exception cref="ArgumentException">The options are out of range.</exception>
    public static AqlStore CreateInMemory(AqlStoreOptions? options = null)
    {
        options ??= AqlStoreOptions.Default;
        options.Validate();
        return new AqlStore(options, StoreState.Empty, NullLogger.Instance, null, null, new AqlRecovery(0, 0, 0, null));
    }

    /// <summary>Opens the store in a directory, or makes one there. Reads all of it, so it takes time in proportion to its size.</summary>
    /// <param name="directory">The directory; made where it is missing, for its owner alone. One store at a time has it open.</param>
    /// <param name="options">Limits; <c>null</c>: the defaults.</param>
    /// <param name="logger">Is told what was found, and later of a full or failing disk.</param>
    /// <returns>The store.</returns>
    /// <exception cref="ArgumentException">The options are out of range.</exception>
    /// <exception cref="AqlException">
    /// <see cref="ErrorCode.StorageIo"/>: the directory is in use or cannot be read or written.
    /// <see cref="ErrorCode.StorageCorrupted"/>: acknowledged writes are damaged or missing; the message says where. Nothing was changed.
    /// </exception>
    public static AqlStore Open(string directory, AqlStoreOptions? options = null, ILogger? logger = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= AqlStoreOptions.Default;
        options.Validate();
        return Open(DiskDirectory.Acquire(directory), options, logger ?? NullLogger.Instance);
    }

    /// <summary>Opens the store in a directory that is held already; it is given back when the store is disposed or cannot be opened.</summary>
    internal static AqlStore Open(StoreDirectory directory, AqlStoreOptions options, ILogger logger)
    {
        try
        {
            var recovery = new StoreRecovery(directory, logger);
            CommitLog log = recovery.Run(out StoreState state);
            AqlLog.StoreOpened(logger, directory.Describe(""), recovery.Report.SnapshotRows, recovery.Report.ReplayedCommits);
            return new AqlStore(options, state, logger, directory, log, recovery.Report);
        }
        catch (Exception failure) when (DiskErrors.IsFailure(failure))
        {
            directory.Dispose();
            throw new AqlException(
                DiskErrors.MeansFull(failure) ? ErrorCode.StorageFull : ErrorCode.StorageIo,
                $"The store in {directory.Describe("")} cannot be read: {failure.Message}",
                failure);
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Writes all rows to a snapshot and lets the log begin anew. Happens by itself, see <see cref="AqlStoreOptions.CompactionBytes"/>; nothing to do for a store in memory.</summary>
    /// <param name="cancellationToken">Stops waiting; the work goes on.</param>
    /// <returns>A task that ends when the snapshot is on the disk and what it replaces is deleted.</returns>
    /// <exception cref="AqlException">The disk is full or failed. No row is lost by that.</exception>
    public Task CompactAsync(CancellationToken cancellationToken = default) =>
        _writer is null ? Task.CompletedTask : _writer.CompactAsync().WaitAsync(cancellationToken);

    /// <summary>Lets commits that wait reach the disk, closes the files and lets others open the directory. Writes that come later are refused.</summary>
    /// <returns>A task that ends when all of that is done.</returns>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _condition = AqlStoreCondition.Closed;
        }

        if (_writer is not null)
        {
            await _writer.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Evaluates reads and writes on the newest state, alone, and returns when what was written is durable and visible to all.</summary>
    /// <param name="work">Reads and writes; when it throws, nothing is kept. It must not wait. It may be called again on another state, when the disk failed in between.</param>
    /// <param name="deadline">How long to wait for those before, and for the disk.</param>
    /// <returns>What the work returned last.</returns>
    /// <exception cref="AqlException">The work threw it, the store refuses writes, the time was over, or the disk failed.</exception>
    internal async Task<T> WriteAsync<T>(Func<StoreTransaction, T> work, QueryDeadline deadline)
    {
        (T result, Task durable) = await EvaluateAsync(work, deadline).ConfigureAwait(false);
        await deadline.WaitAsync(durable).ConfigureAwait(false);
        return result;
    }

    /// <summary>Takes all commits that wait.</summary>
    /// <param name="frame">Room for a frame's header, then the commits; empty when nothing has to be written.</param>
    /// <param name="spare">A buffer for the commits that come next.</param>
    internal List<PendingCommit> TakePending(ArrayBufferWriter<byte> spare, out ArrayBufferWriter<byte> frame)
    {
        lock (_gate)
        {
            List<PendingCommit> taken = _pending;
            _pending = [];
            frame = _buffer;
            _buffer = spare;
            _buffer.ResetWrittenCount();
            return taken;
        }
    }

    /// <summary>Publishes commits that are on the disk.</summary>
    internal void Publish(List<PendingCommit> commits)
    {
        bool healed;
        lock (_gate)
        {
            _published = commits[^1].State;
            _pendingBytes -= commits.Sum(c => c.Bytes);
            healed = Condition == AqlStoreCondition.Full;
            if (healed)
            {
                _condition = AqlStoreCondition.Healthy;
                _reason = null;
            }
        }

        if (healed)
        {
            AqlLog.StoreHealed(_logger);
        }

        foreach (PendingCommit commit in commits)
        {
            commit.Settle(null);
        }
    }

    /// <summary>Fails commits that did not reach the disk, and those that build on them.</summary>
    /// <param name="commits">The commits.</param>
    /// <param name="failure">What the disk said.</param>
    /// <param name="isFull">Whether it is full, so that it may heal.</param>
    /// <param name="isCertain">Whether none of it can be there after a crash.</param>
    internal void Fail(List<PendingCommit> commits, Exception failure, bool isFull, bool isCertain)
    {
        string message = isFull
            ? $"The disk is full, nothing was written: {failure.Message} Make room on it; writes go on by themselves then."
            : $"The disk failed, nothing is known to be written: {failure.Message} Mend the disk and open the store again.";
        bool changed;
        lock (_gate)
        {
            commits.AddRange(_pending);
            _pending = [];
            _buffer.ResetWrittenCount();
            _pendingBytes = 0;
            _head = _published;
            AqlStoreCondition condition = isFull ? AqlStoreCondition.Full : AqlStoreCondition.Failed;
            changed = Condition != condition && Condition != AqlStoreCondition.Closed;
            if (changed)
            {
                _condition = condition;
                _reason = message;
            }
        }

        if (changed && isFull)
        {
            AqlLog.StoreFull(_logger, failure.Message);
        }
        else if (changed)
        {
            AqlLog.StoreFailed(_logger, failure);
        }

        // The store goes on healing from a full disk even so; only this answer cannot promise that nothing was written.
        string answer = isCertain ? message : $"The disk failed and the write could not be taken back: {failure.Message} If the host ends now it may be there afterwards: read it, or write it again.";
        foreach (PendingCommit commit in commits)
        {
            commit.Settle(MakeRefusal(isFull && isCertain, answer, failure));
        }
    }

    private static AqlException MakeRefusal(bool isFull, string message, Exception? failure) => isFull
        ? new AqlException(ErrorCode.StorageFull, message, failure) { RetryAfter = TimeSpan.FromSeconds(5) }
        : new AqlException(ErrorCode.StorageIo, message, failure);

    private async Task<(T Result, Task Durable)> EvaluateAsync<T>(Func<StoreTransaction, T> work, QueryDeadline deadline)
    {
        await EnterAsync(deadline).ConfigureAwait(false);
        try
        {
            while (true)
            {
                StoreState head;
                lock (_gate)
                {
                    ThrowIfRefused_NeedsLock();
                    head = _head;
                }

                // Not under the lock: a long evaluation must not hold up the disk's thread, nor block the threads of those who wait.
                var transaction = new StoreTransaction(head, Options.Limits);
                T result = work(transaction);
                lock (_gate)
                {
                    // Only a disk that failed takes the head back while a writer is at it.
                    if (ReferenceEquals(_head, head))
                    {
                        ThrowIfRefused_NeedsLock();
                        return (result, Commit_NeedsLock(transaction));
                    }
                }
            }
        }
        finally
        {
            _writers.Release();
        }
    }

    private async Task EnterAsync(QueryDeadline deadline)
    {
        try
        {
            if (Interlocked.Increment(ref _waitingWriters) > Options.Limits.MaxWaitingWriters)
            {
                throw new AqlException(
                    ErrorCode.ServerOverloaded,
                    $"{Options.Limits.MaxWaitingWriters} requests wait to write already. Nothing was written; try later, or raise {nameof(AqlLimits)}.{nameof(AqlLimits.MaxWaitingWriters)}.")
                {
                    RetryAfter = TimeSpan.FromSeconds(1),
                };
            }

            await deadline.EnterAsync(_writers).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waitingWriters);
        }
    }

    private void ThrowIfRefused_NeedsLock()
    {
        if (Condition == AqlStoreCondition.Closed)
        {
            throw new AqlException(ErrorCode.ServerShuttingDown, "The store is closed: the host is about to end. Nothing was written; try another host, or later.");
        }

        if (Condition == AqlStoreCondition.Failed)
        {
            throw MakeRefusal(isFull: false, _reason!, null);
        }
    }

    private Task Commit_NeedsLock(StoreTransaction transaction)
    {
        if (transaction.Mutations.Count == 0)
        {
            // What was read may still wait for the disk; then the answer has to wait as well, or it could tell of what never was.
            return _pending.Count == 0 && ReferenceEquals(_head, _published) ? Task.CompletedTask : Enqueue_NeedsLock(new PendingCommit(_head, 0));
        }

        if (_pendingBytes + transaction.Written > Options.Limits.MaxPendingBytes)
        {
            throw new AqlException(
                ErrorCode.ServerOverloaded,
                $"{_pendingBytes} bytes of writes wait for the disk already. Nothing was written; try later, or raise {nameof(AqlLimits)}.{nameof(AqlLimits.MaxPendingBytes)}.")
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            };
        }

        StoreState state = transaction.ToState();
        if (_writer is null)
        {
            _head = state;
            _published = state;
            return Task.CompletedTask;
        }

        if (_buffer.WrittenCount == 0)
        {
            _buffer.GetSpan(Frame.HeaderSize);
            _buffer.Advance(Frame.HeaderSize);
        }

        CommitCodec.Write(_buffer, transaction.Mutations);
        _head = state;
        return Enqueue_NeedsLock(new PendingCommit(state, transaction.Written));
    }

    private Task Enqueue_NeedsLock(PendingCommit commit)
    {
        _pending.Add(commit);
        _pendingBytes += commit.Bytes;
        _writer!.Wake();
        return commit.Durable;
    }
}
