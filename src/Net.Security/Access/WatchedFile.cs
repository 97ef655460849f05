using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Net.Security;

/// <summary>A file whose content is parsed, and parsed again when it has changed. A content that cannot be read or parsed leaves the last good one in place.</summary>
/// <typeparam name="T">What is made of the content; immutable, as many threads hold it.</typeparam>
/// <remarks>
/// The content is compared, not the time of change, and it is asked for, not waited for: so a rename, a swapped symbolic link, a write in place and a file system without notifications are
/// all the same. Of a file that is half written the parser is expected to complain; the next look finds it whole.
/// </remarks>
public sealed class WatchedFile<T> : IDisposable
    where T : class
{
    private readonly Func<ReadOnlyMemory<byte>, T> _parse;
    private readonly WatchedFileOptions _options;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private byte[] _lastTried;
    private string _lastFault = "";
    private volatile T _current;
    private int _isLooking;
    private volatile bool _isDisposed;

    /// <summary>Reads the file and begins to watch it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="parse">Makes the value; called from one thread at a time. What it throws is a fault of the content.</param>
    /// <param name="timeProvider">The clock of the looks.</param>
    /// <param name="options">How often to look, and how large it may be; <c>null</c>: the defaults.</param>
    /// <param name="logger">Is told of changes and of contents that were refused.</param>
    /// <exception cref="IOException">The file cannot be read, or is too large.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="ArgumentException">The content cannot be used; whatever <paramref name="parse"/> throws comes through.</exception>
    public WatchedFile(string path, Func<ReadOnlyMemory<byte>, T> parse, TimeProvider timeProvider, WatchedFileOptions? options = null, ILogger? logger = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(parse);
        ArgumentNullException.ThrowIfNull(timeProvider);
        _options = options ?? new WatchedFileOptions();
        _options.Validate();
        Path = path;
        _parse = parse;
        _logger = logger ?? NullLogger.Instance;
        byte[] content = Read();
        _lastTried = SHA256.HashData(content);
        _current = parse(content);
        _timer = timeProvider.CreateTimer(static state => ((WatchedFile<T>)state!).CheckNow(), this, _options.Interval, _options.Interval);
    }

    /// <summary>Raised after <see cref="Current"/> has changed, on the thread that found it, outside of any lock.</summary>
    public event EventHandler? Changed;

    /// <summary>Raised when a new content was refused, once for each; the message says why.</summary>
    public event EventHandler<WatchedFileFaultEventArgs>? Refused;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The last good value.</summary>
    public T Current => _current;

    /// <summary>Looks now instead of at the next turn.</summary>
    /// <returns>Whether the value has changed; <c>false</c>, too, when another look is under way.</returns>
    public bool CheckNow()
    {
        if (_isDisposed || Interlocked.Exchange(ref _isLooking, 1) == 1)
        {
            return false;
        }

        (bool hasChanged, string? fault) = Look();
        Volatile.Write(ref _isLooking, 0);
        if (fault is not null)
        {
            AccessLog.FileRefused(_logger, Path, PlainText.Clean(fault, 1024));
            Refused?.Invoke(this, new WatchedFileFaultEventArgs(fault));
        }

        if (hasChanged)
        {
            AccessLog.FileTaken(_logger, Path);
            Changed?.Invoke(this, EventArgs.Empty);
        }

        return hasChanged;
    }

    /// <summary>Stops watching. <see cref="Current"/> stays.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _timer.Dispose();
    }

    private (bool HasChanged, string? Fault) Look()
    {
        try
        {
            byte[] content = Read();
            byte[] hash = SHA256.HashData(content);
            if (hash.AsSpan().SequenceEqual(_lastTried))
            {
                return (false, null);
            }

            _lastTried = hash;
            _lastFault = "";
            _current = _parse(content);
            return (true, null);
        }
#pragma warning disable CA1031 // Whatever is wrong with a file that somebody else writes, the server goes on with what it has.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            // The same complaint is made once, not at every look.
            string? fault = exception.Message == _lastFault ? null : exception.Message;
            _lastFault = exception.Message;
            return (false, fault);
        }
    }

    private byte[] Read()
    {
        using FileStream stream = new(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        long size = stream.Length;
        if (size > _options.MaxBytes)
        {
            throw new IOException($"The file '{Path}' has {size} bytes; it may have {_options.MaxBytes} ({nameof(WatchedFileOptions)}.{nameof(WatchedFileOptions.MaxBytes)}).");
        }

        // One more than there is, to see that it did not grow meanwhile.
        byte[] buffer = new byte[size + 1];
        int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return length == size ? buffer[..length] : throw new IOException($"The file '{Path}' was written to while it was read.");
    }
}
