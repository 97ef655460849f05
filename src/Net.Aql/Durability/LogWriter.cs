using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Brings a store's commits to the disk on a thread of its own: all that wait in one frame, then all of them are published.</summary>
internal sealed class LogWriter : IAsyncDisposable
{
    private const int LargestKeptBuffer = 4 << 20;

    private readonly AqlStore _store;
    private readonly StoreDirectory _directory;
    private readonly CommitLog _log;
    private readonly ILogger _logger;
    private readonly AutoResetEvent _wake = new(false);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly Task _loop;
    private Task _compaction = Task.CompletedTask;
    private bool _isCompacting;
    private TaskCompletionSource? _requested;
    private ArrayBufferWriter<byte> _spare = new();
    private long _compactAt;
    private Task? _disposal;

    internal LogWriter(AqlStore store, StoreDirectory directory, CommitLog log, ILogger logger)
    {
        _store = store;
        _directory = directory;
        _log = log;
        _logger = logger;
        _compactAt = store.Options.CompactionBytes;
        // Waiting for a disk blocks a thread for milliseconds; that must not be one of the pool's.
        _loop = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    internal void Wake() => _wake.Set();

    internal Task CompactAsync()
    {
        lock (_gate)
        {
            if (_disposal is not null)
            {
                return Task.FromException(new AqlException(ErrorCode.ServerShuttingDown, "The store is closed, so no snapshot was written. Its log holds everything."));
            }

            _requested ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Wake();
            return _requested.Task;
        }
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _disposal ??= StopAsync();
            return new ValueTask(_disposal);
        }
    }

    private async Task StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        Wake();
        await _loop.ConfigureAwait(false);
        await _compaction.ConfigureAwait(false);
        lock (_gate)
        {
            _requested?.TrySetException(new AqlException(ErrorCode.ServerShuttingDown, "The store was closed before the snapshot was written. Its log holds everything."));
        }

        _log.Dispose();
        _directory.Dispose();
        _wake.Dispose();
        _stopping.Dispose();
    }

    private void Run()
    {
        bool isLast;
        do
        {
            // Asked before the commits are taken: after the store is closed none comes any more, so the last round has them all.
            isLast = _stopping.IsCancellationRequested;
            List<PendingCommit> commits = _store.TakePending(_spare, out ArrayBufferWriter<byte> frame);
            // A buffer that one burst has made large is not kept for good.
            _spare = frame.Capacity > LargestKeptBuffer ? new ArrayBufferWriter<byte>() : frame;
            if (commits.Count > 0)
            {
                Write(commits, frame);
            }
            else if (!isLast)
            {
                CompactIfDue();
                _wake.WaitOne();
            }
        }
        while (!isLast);
    }

    private void Write(List<PendingCommit> commits, ArrayBufferWriter<byte> frame)
    {
        try
        {
            if (frame.WrittenCount > 0)
            {
                if (_log.IsSealed)
                {
                    throw new IOException("A new log was begun and could not be used.");
                }

                // The commits were written into this buffer; only its header is still missing.
                Span<byte> bytes = MemoryMarshal.AsMemory(frame.WrittenMemory).Span;
                _log.Append(bytes, _store.Published.Sequence + 1);
            }
        }
        catch (Exception failure)
        {
            // Whatever it was: no caller may be left waiting, and none may be told that its write is safe.
            _store.Fail(commits, failure, isFull: DiskErrors.MeansFull(failure), isCertain: !_log.IsUncertain);
            return;
        }

        _store.Publish(commits);
        CompactIfDue();
    }

    private void CompactIfDue()
    {
        TaskCompletionSource? requested;
        lock (_gate)
        {
            if (_isCompacting || (_requested is null && _log.Length < _compactAt))
            {
                return;
            }

            requested = _requested;
            _requested = null;
        }

        StoreState state = _store.Published;
        try
        {
            if (_log.IsDirty || _log.IsSealed)
            {
                throw new IOException("The log cannot be closed in the condition it is in.");
            }

            if (_log.Length > FileHeader.Size)
            {
                _log.Rotate(state.Sequence);
            }
        }
        catch (Exception failure)
        {
            GiveUp(failure, requested);
            return;
        }

        lock (_gate)
        {
            _isCompacting = true;
        }

        _compaction = Task.Factory.StartNew(() => Compact(state, requested), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private void Compact(StoreState state, TaskCompletionSource? requested)
    {
        try
        {
            long size = SnapshotFile.Write(_directory, state, CommitLog.NewSalt(), _stopping.Token);
            foreach (string name in _directory.List())
            {
                if (StoreFileName.TryParse(name, out StoreFileName file) && file.Sequence < state.Sequence)
                {
                    _directory.Delete(name);
                }
            }

            _directory.Flush();
            Interlocked.Exchange(ref _compactAt, Math.Max(_store.Options.CompactionBytes, size));
            AqlLog.Compacted(_logger, state.Rows, _directory.Describe(new StoreFileName(StoreFileKind.Snapshot, state.Sequence).ToString()));
            requested?.TrySetResult();
        }
        catch (OperationCanceledException)
        {
            requested?.TrySetException(new AqlException(ErrorCode.ServerShuttingDown, "The store was closed before the snapshot was written. Its log holds everything."));
        }
        catch (Exception failure)
        {
            GiveUp(failure, requested);
        }

        // A request that came in the meantime begins only now. The task itself is not over yet, so that it cannot tell.
        lock (_gate)
        {
            _isCompacting = false;
        }

        Wake();
    }

    private void GiveUp(Exception failure, TaskCompletionSource? requested)
    {
        Interlocked.Exchange(ref _compactAt, _log.Length + _store.Options.CompactionBytes);
        AqlLog.CompactionFailed(_logger, failure);
        requested?.TrySetException(new AqlException(
            DiskErrors.MeansFull(failure) ? ErrorCode.StorageFull : ErrorCode.StorageIo,
            $"No snapshot was written: {failure.Message} The log holds everything, so no row is lost.",
            failure));
    }
}
