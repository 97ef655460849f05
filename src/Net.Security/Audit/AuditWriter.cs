using System.Text;
using System.Text.Json;

namespace Net.Security;

/// <summary>Writes batches of entries into files that follow each other. What fails half done is cut off before anything else is written, so that a file never holds half a line in its middle.</summary>
internal sealed class AuditWriter : IDisposable
{
    private readonly AuditStorage _storage;
    private readonly AuditOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly AuditChain _chain;
    private AuditFile? _file;
    private long _length;
    private bool _mayHoldMore;
    private DateTimeOffset _begun;

    /// <summary>Finds the end of the chain.</summary>
    /// <exception cref="IOException">The files cannot be read.</exception>
    internal AuditWriter(AuditStorage storage, AuditOptions options, TimeProvider timeProvider)
    {
        _storage = storage;
        _options = options;
        _timeProvider = timeProvider;
        _chain = new AuditChain(options.Key);
        foreach (string name in storage.List().Reverse())
        {
            if (TryContinue(name))
            {
                break;
            }
        }
    }

    /// <summary>What was found at the start that should not have been there; <c>null</c>: nothing.</summary>
    internal string? Finding { get; private set; }

    /// <summary>The number of the last entry.</summary>
    internal long Sequence => _chain.Sequence;

    /// <summary>Writes entries.</summary>
    /// <exception cref="IOException">None of them is in the file, or all of them perhaps are and will be cut off with the next attempt.</exception>
    internal void Write(IReadOnlyList<(AuditEvent Entry, DateTimeOffset Time)> batch)
    {
        if (batch.Count == 0)
        {
            return;
        }

        long sequence = _chain.Sequence;
        string hash = _chain.Hash;
        try
        {
            Mend();
            Turn();
            _file ??= Begin(sequence + 1);
            using var lines = new MemoryStream();
            foreach ((AuditEvent entry, DateTimeOffset time) in batch)
            {
                lines.Write(_chain.Append(entry, time));
            }

            _mayHoldMore = true;
            _file.Write(_length, lines.GetBuffer().AsSpan(0, (int)lines.Length));
            if (_options.FlushToDisk)
            {
                _file.Flush();
            }

            _mayHoldMore = false;
            _length += lines.Length;
        }
        catch
        {
            _chain.Continue(sequence, hash);
            throw;
        }
    }

    public void Dispose() => _file?.Dispose();

    private void Mend()
    {
        if (_mayHoldMore && _file is not null)
        {
            _file.Cut(_length);
            _mayHoldMore = false;
        }
    }

    /// <summary>Closes a file that is large or old enough.</summary>
    private void Turn()
    {
        if (_file is not null && _length > 0 && (_length >= _options.MaxFileBytes || _timeProvider.GetUtcNow() - _begun >= _options.MaxFileAge))
        {
            _file.Dispose();
            _file = null;
        }
    }

    private AuditFile Begin(long firstSequence)
    {
        // Kept before the old ones are looked at: when they cannot be removed now, the next file's turn removes more.
        AuditFile file = _file = _storage.Open(AuditStorage.NameOf(firstSequence));
        _length = file.Length;
        _begun = _timeProvider.GetUtcNow();
        IReadOnlyList<string> names = _storage.List();
        for (int i = 0; i < names.Count - _options.MaxFiles; i++)
        {
            _storage.Delete(names[i]);
        }

        return file;
    }

    /// <summary>Takes up a file where it ends.</summary>
    /// <returns>Whether the end of the chain is known; <c>false</c>: the file is empty.</returns>
    private bool TryContinue(string name)
    {
        AuditFile file = _storage.Open(name);
        long length = file.Length;
        byte[] tail = new byte[Math.Min(length, 2 * AuditChain.MaxLineBytes)];
        int read = file.Read(length - tail.Length, tail);
        int end = tail.AsSpan(0, read).LastIndexOf((byte)'\n');
        if (end < 0 && length <= tail.Length)
        {
            // Nothing but the beginning of a line: a crash right after the file was begun.
            CutTail(file, 0, length, name);
            file.Dispose();
            return false;
        }

        long kept = length - tail.Length + end + 1;
        int begin = end < 0 ? -1 : tail.AsSpan(0, end).LastIndexOf((byte)'\n');
        string? fault = end < 0 ? "its last line is longer than any entry" : AuditChain.Check(tail.AsSpan(begin + 1, end - begin - 1), _options.Key.Span, out long sequence, out _, out string hash) is { } found
            ? found
            : Take(sequence, hash);
        if (fault is not null)
        {
            // Its bytes stay as they are: they are evidence. A chain of its own begins after it, with a number above that in its name.
            Finding = $"The last line of {name} cannot be continued, as {fault}; a new chain begins.";
            _chain.Continue(NumberIn(name) + 1_000_000, AuditChain.Genesis);
            file.Dispose();
            return true;
        }

        CutTail(file, kept, length, name);
        _file = file;
        _length = kept;
        _begun = TimeOfFirst(file) ?? _timeProvider.GetUtcNow();
        return true;
    }

    private string? Take(long sequence, string hash)
    {
        _chain.Continue(sequence, hash);
        return null;
    }

    private void CutTail(AuditFile file, long kept, long length, string name)
    {
        if (length > kept)
        {
            Finding = $"{length - kept} bytes of an entry that a crash left half written were cut off {name}.";
            file.Cut(kept);
        }
    }

    private static long NumberIn(string name)
    {
        string digits = new([.. name.Where(char.IsAsciiDigit)]);
        return long.TryParse(digits, out long number) ? number : 0;
    }

    private static DateTimeOffset? TimeOfFirst(AuditFile file)
    {
        byte[] head = new byte[Math.Min(file.Length, AuditChain.MaxLineBytes)];
        int end = head.AsSpan(0, file.Read(0, head)).IndexOf((byte)'\n');
        try
        {
            using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetString(head, 0, Math.Max(0, end)));
            return document.RootElement.GetProperty("time").GetDateTimeOffset();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }
}
