using System.Globalization;

namespace Net.Security;

/// <summary>Checks the chain of an audit.</summary>
public static class AuditVerifier
{
    private const int BufferBytes = 256 << 10;

    /// <summary>Reads all files of a directory and finds the first line that does not follow from those before it.</summary>
    /// <param name="directory">The directory. It may be written to meanwhile.</param>
    /// <param name="key">The key of the chain; empty: it has none.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public static AuditVerification Verify(string directory, ReadOnlyMemory<byte> key = default, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        IReadOnlyList<string> names = DirectoryAuditStorage.ListFiles(directory);
        var state = new State(key);
        for (int i = 0; i < names.Count && state.Fault is null; i++)
        {
            state.BeginFile(names[i], isLast: i == names.Count - 1);
            using FileStream file = new(System.IO.Path.Combine(directory, names[i]), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
            Read(file, state, cancellationToken);
        }

        return state.ToResult(names.Count);
    }

    private static void Read(FileStream file, State state, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[BufferBytes];
        int held = 0;
        while (state.Fault is null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int read = file.Read(buffer.AsSpan(held));
            if (read == 0)
            {
                state.EndFile(held);
                return;
            }

            held += read;
            int begin = 0;
            while (state.Fault is null && buffer.AsSpan(begin, held - begin).IndexOf((byte)'\n') is >= 0 and int length)
            {
                state.Take(buffer.AsSpan(begin, length));
                begin += length + 1;
            }

            held -= begin;
            buffer.AsSpan(begin, held).CopyTo(buffer);
            if (held > AuditChain.MaxLineBytes)
            {
                state.Refuse("it is longer than any entry");
            }
        }
    }

    private sealed class State(ReadOnlyMemory<byte> key)
    {
        private string _file = "";
        private bool _isLastFile;
        private long _line;
        private long _entries;
        private long _first;
        private long _last;
        private long _unfinished;
        private string _hash = "";

        internal string? Fault { get; private set; }

        internal void BeginFile(string name, bool isLast)
        {
            _file = name;
            _isLastFile = isLast;
            _line = 0;
        }

        internal void Take(ReadOnlySpan<byte> line)
        {
            _line++;
            string? fault = AuditChain.Check(line, key.Span, out long sequence, out string previous, out string hash);
            if (fault is null && _entries == 0 && sequence == 1 && previous != AuditChain.Genesis)
            {
                fault = "it is the first entry and names one before it";
            }
            else if (fault is null && _entries > 0 && sequence != _last + 1)
            {
                fault = string.Create(CultureInfo.InvariantCulture, $"it is entry {sequence} after entry {_last}");
            }
            else if (fault is null && _entries > 0 && previous != _hash)
            {
                fault = "it does not follow from the entry before it";
            }

            if (fault is not null)
            {
                Fault = fault;
                return;
            }

            _first = _entries == 0 ? sequence : _first;
            _last = sequence;
            _hash = hash;
            _entries++;
        }

        internal void EndFile(int rest)
        {
            if (rest > 0 && !_isLastFile)
            {
                _line++;
                Fault = "it has no end, and it is not in the last file";
            }
            else
            {
                _unfinished = rest;
            }
        }

        internal void Refuse(string fault)
        {
            _line++;
            Fault = fault;
        }

        internal AuditVerification ToResult(int files) => new()
        {
            Files = files,
            Entries = _entries,
            FirstSequence = _first,
            LastSequence = _last,
            LastHash = _hash,
            UnfinishedBytes = _unfinished,
            BrokenFile = Fault is null ? null : _file,
            BrokenLine = Fault is null ? 0 : _line,
            Fault = Fault,
        };
    }
}
