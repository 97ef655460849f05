using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Net.Security;

/// <summary>Keeps the audit: takes entries from any thread without waiting, and writes them in order from one loop. Each entry is one line of JSON, linked to the one before by a hash.</summary>
/// <remarks>
/// <see cref="Write"/> does not wait for the disk. Entries are on it when the batch that holds them is, within milliseconds; a crash of the process loses what waits
/// (at most <see cref="AuditOptions.MaxQueued"/>), and <see cref="DisposeAsync"/> writes it. While writing fails, entries wait and are written when it works again.
/// </remarks>
public sealed class AuditLog : IAsyncDisposable
{
    private const int MaxBatch = 256;

    private readonly AuditOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly AuditStorage _storage;
    private readonly AuditWriter _writer;
    private readonly Channel<Item> _queue;
    private readonly CancellationTokenSource _stopping = new();
    private readonly RateBucket _refusals = new();
    private readonly Task _loop;
    private long _suppressed;
    private long _lost;
    private int _waiting;
    private int _isDisposed;
    private volatile bool _isFailing;

    private AuditLog(AuditOptions options, AuditStorage storage, TimeProvider timeProvider, ILogger? logger)
    {
        _options = options;
        _timeProvider = timeProvider;
        _logger = logger ?? NullLogger.Instance;
        _storage = storage;
        _writer = new AuditWriter(storage, options, timeProvider);
        _queue = Channel.CreateUnbounded<Item>(new UnboundedChannelOptions { SingleReader = true });
        Write(new AuditEvent(AuditCategory.Audit, "begin", isSuccess: _writer.Finding is null) { Detail = _writer.Finding });
        if (_writer.Finding is { } finding)
        {
            AccessLog.AuditFinding(_logger, finding);
        }

        _loop = Task.Run(RunAsync);
    }

    /// <summary>Whether entries can be written: the last batch was, and not too many wait.</summary>
    public bool IsWritable => !_isFailing && Volatile.Read(ref _waiting) < _options.MaxQueued;

    /// <summary>Whether calls are to be refused now: it cannot be written, and <see cref="AuditFailurePolicy.RefuseCalls"/> is the policy.</summary>
    public bool MustRefuseCalls => _options.OnFailure == AuditFailurePolicy.RefuseCalls && !IsWritable;

    /// <summary>Entries lost since the start, as too many waited. 0 while all is well.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Whether calls that are allowed are to be written, too.</summary>
    internal bool IncludesAllowedCalls => _options.IncludeAllowedCalls;

    /// <summary>Opens the audit of a directory, and goes on with the chain that is there.</summary>
    /// <param name="options">How it is kept.</param>
    /// <param name="timeProvider">Dates entries.</param>
    /// <param name="logger">Is told when it cannot be written, and when it can again.</param>
    /// <returns>The audit. Dispose it last: it writes what still waits.</returns>
    /// <exception cref="ArgumentException">The options are faulty; the message lists every fault.</exception>
    /// <exception cref="IOException">The directory cannot be written to, or another process does.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory may not be written to.</exception>
    public static AuditLog Open(AuditOptions options, TimeProvider timeProvider, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        options.Validate();
        return Open(options, new DirectoryAuditStorage(options.Directory), timeProvider, logger);
    }

    /// <summary>Opens the audit on a storage, which it owns from then on.</summary>
    internal static AuditLog Open(AuditOptions options, AuditStorage storage, TimeProvider timeProvider, ILogger? logger = null)
    {
        try
        {
            return new AuditLog(options, storage, timeProvider, logger);
        }
        catch
        {
            storage.Dispose();
            throw;
        }
    }

    /// <summary>Adds an entry. Returns at once.</summary>
    /// <param name="entry">The entry.</param>
    /// <returns>Whether it will be written; <c>false</c>: too many wait, or the audit is disposed, and it is counted as lost.</returns>
    public bool Write(in AuditEvent entry)
    {
        if (Interlocked.Increment(ref _waiting) <= _options.MaxQueued && _queue.Writer.TryWrite(new Item(entry, _timeProvider.GetUtcNow(), null)))
        {
            return true;
        }

        Interlocked.Decrement(ref _waiting);
        Interlocked.Increment(ref _lost);
        AccessDiagnostics.AuditLost(1);
        return false;
    }

    /// <summary>Waits until all that was added so far is written.</summary>
    internal Task WhenIdleAsync()
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _queue.Writer.TryWrite(new Item(default, default, written)) ? written.Task : _loop;
    }

    /// <summary>Adds an entry of something that was refused to a caller, unless there are too many; then it is counted in the next one.</summary>
    internal void WriteRefusal(in AuditEvent entry)
    {
        long now = _timeProvider.GetElapsedTime(0, _timeProvider.GetTimestamp()).Ticks;
        if (_refusals.TryTake(now, TimeSpan.TicksPerSecond / _options.MaxRefusalsPerSecond, _options.MaxRefusalsPerSecond, out _))
        {
            Write(entry with { Suppressed = Interlocked.Exchange(ref _suppressed, 0) });
        }
        else
        {
            Interlocked.Increment(ref _suppressed);
        }
    }

    /// <summary>Writes what waits, and an entry that says that the audit ends. May be called twice.</summary>
    /// <returns>A task that ends when the files are closed. Where they cannot be written, what waits is lost, and the log says how much.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Write(new AuditEvent(AuditCategory.Audit, "end", isSuccess: true) { Suppressed = Interlocked.Exchange(ref _suppressed, 0) });
            _queue.Writer.TryComplete();
            await _stopping.CancelAsync().ConfigureAwait(false);
        }

        await _loop.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        var batch = new List<(AuditEvent Entry, DateTimeOffset Time)>(MaxBatch + 1);
        var waiters = new List<TaskCompletionSource>();
        long told = 0;
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            batch.Clear();
            waiters.Clear();
            if (Lost - told is > 0 and long missing)
            {
                batch.Add((new AuditEvent(AuditCategory.Audit, "lost", isSuccess: false) { Detail = $"{missing} entries were lost, as too many waited." }, _timeProvider.GetUtcNow()));
                told += missing;
            }

            int queued = Take(batch, waiters);
            if (!await TryWriteAsync(batch, queued).ConfigureAwait(false))
            {
                AccessLog.AuditGivenUp(_logger, Volatile.Read(ref _waiting));
                break;
            }

            waiters.ForEach(static waiter => waiter.TrySetResult());
        }

        _writer.Dispose();
        _storage.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Takes what waits, up to a batch.</summary>
    /// <returns>How many entries.</returns>
    private int Take(List<(AuditEvent Entry, DateTimeOffset Time)> batch, List<TaskCompletionSource> waiters)
    {
        int queued = 0;
        while (queued < MaxBatch && _queue.Reader.TryRead(out Item item))
        {
            if (item.Written is { } waiter)
            {
                waiters.Add(waiter);
            }
            else
            {
                batch.Add((item.Entry, item.Time));
                queued++;
            }
        }

        return queued;
    }

    /// <summary>Writes a batch, and tries again until it works or the audit is disposed.</summary>
    private async Task<bool> TryWriteAsync(List<(AuditEvent Entry, DateTimeOffset Time)> batch, int queued)
    {
        while (true)
        {
            try
            {
                _writer.Write(batch);
                Interlocked.Add(ref _waiting, -queued);
                if (_isFailing)
                {
                    _isFailing = false;
                    AccessLog.AuditWritableAgain(_logger);
                }

                return true;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                if (!_isFailing)
                {
                    _isFailing = true;
                    AccessLog.AuditFailed(_logger, _options.OnFailure == AuditFailurePolicy.RefuseCalls ? "Calls are refused" : "Calls go on without it", exception);
                }
            }

            if (_stopping.IsCancellationRequested)
            {
                return false;
            }

            try
            {
                await Task.Delay(_options.RetryDelay, _timeProvider, _stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // One last attempt.
            }
        }
    }

    /// <summary>What waits: an entry, or somebody who wants to know when those before are written.</summary>
    private readonly record struct Item(AuditEvent Entry, DateTimeOffset Time, TaskCompletionSource? Written);
}
