using Microsoft.Extensions.Logging;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Brings back the state that a directory holds: the newest snapshot, and the log after it.</summary>
/// <remarks>
/// <code>
/// log-0 ── log-7 ── log-9        one log follows the other without a gap
///            │
///       snapshot-7               what stands in logs before it is no longer needed
/// </code>
/// A file gets its name when its header, and a snapshot all of its bytes, are on the disk. So only the end of the last log may be broken by a crash.
/// </remarks>
internal sealed class StoreRecovery(StoreDirectory directory, ILogger logger)
{
    private readonly StateBuilder _state = new();
    private long _snapshotRows;
    private long _commits;
    private long _cutBytes;
    private string? _cutFile;

    internal AqlRecovery Report => new(_snapshotRows, _commits, _cutBytes, _cutFile);

    /// <summary>Reads the directory.</summary>
    /// <param name="state">What it holds.</param>
    /// <returns>The log to go on with.</returns>
    /// <exception cref="AqlException">Something that was acknowledged is damaged or missing; the message says what and where.</exception>
    internal CommitLog Run(out StoreState state)
    {
        List<StoreFileName> files = FindFiles();
        List<StoreFileName> snapshots = [.. files.Where(f => f.Kind == StoreFileKind.Snapshot).OrderBy(f => f.Sequence)];
        List<StoreFileName> logs = [.. files.Where(f => f.Kind == StoreFileKind.Log).OrderBy(f => f.Sequence)];
        if (snapshots.Count > 0)
        {
            SnapshotFile.Read(directory, snapshots[^1], _state);
            _snapshotRows = _state.Rows;
        }

        int first = logs.FindLastIndex(log => log.Sequence <= _state.Sequence);
        if (first < 0 && (snapshots.Count > 0 || logs.Count > 0))
        {
            throw Missing(new StoreFileName(StoreFileKind.Log, _state.Sequence));
        }

        CommitLog last = first < 0 ? CommitLog.Create(directory, 0) : Replay(logs[first..]);
        foreach (StoreFileName leftover in snapshots.SkipLast(1).Concat(logs.Take(Math.Max(first, 0))))
        {
            Delete(leftover.ToString());
        }

        state = _state.ToState();
        return last;
    }

    private List<StoreFileName> FindFiles()
    {
        var files = new List<StoreFileName>();
        foreach (string name in directory.List())
        {
            if (StoreFileName.TryParse(name, out StoreFileName parsed))
            {
                files.Add(parsed);
            }
            else if (name.EndsWith(StoreFileName.Unfinished, StringComparison.Ordinal) && StoreFileName.TryParse(name[..^StoreFileName.Unfinished.Length], out _))
            {
                Delete(name);
            }
        }

        return files;
    }

    private void Delete(string name)
    {
        directory.Delete(name);
        AqlLog.LeftoverDeleted(logger, directory.Describe(name));
    }

    private CommitLog Replay(List<StoreFileName> logs)
    {
        for (int i = 0; ; i++)
        {
            StoreFile file = directory.Open(logs[i].ToString());
            try
            {
                bool isLast = i == logs.Count - 1;
                if (logs[i].Sequence > _state.Sequence)
                {
                    throw Missing(new StoreFileName(StoreFileKind.Log, _state.Sequence));
                }

                string path = directory.Describe(logs[i].ToString());
                FrameReader reader = FrameReader.Open(file, path, logs[i]);
                Replay(reader);
                if (reader.Offset < file.Length)
                {
                    CutTail(file, reader, path, isLast);
                }

                if (isLast)
                {
                    return new CommitLog(directory, file, reader.Header, reader.Offset);
                }
            }
            catch
            {
                file.Dispose();
                throw;
            }

            file.Dispose();
        }
    }

    private void Replay(FrameReader reader)
    {
        long expected = reader.Header.Sequence + 1;
        while (reader.Next() is { } payload)
        {
            if (payload.Sequence != expected)
            {
                throw reader.Damaged($"the frame that ends at byte {reader.Offset} begins with commit {payload.Sequence} where {expected} was expected");
            }

            for (ReadOnlySpan<byte> bytes = payload.Bytes; !bytes.IsEmpty; expected++)
            {
                List<Mutation> mutations = reader.ReadCommit(ref bytes);
                if (expected > _state.Sequence)
                {
                    _state.Apply(mutations);
                    _state.Sequence = expected;
                    _commits++;
                }
            }
        }
    }

    private void CutTail(StoreFile file, FrameReader reader, string path, bool isLast)
    {
        long next = isLast ? Frame.Search(file, reader.Offset + 1, reader.Seed) : -1;
        if (!isLast || next >= 0)
        {
            string after = isLast ? $"at byte {next} the log goes on" : "another log follows";
            throw reader.Damaged($"at byte {reader.Offset} a frame is broken, yet {after}, so it held acknowledged writes from commit {_state.Sequence + 1} on");
        }

        _cutBytes = file.Length - reader.Offset;
        _cutFile = path;
        file.SetLength(reader.Offset);
        file.Flush();
        AqlLog.TailCut(logger, _cutBytes, path, reader.Offset);
    }

    private AqlException Missing(StoreFileName name) => new(
        ErrorCode.StorageCorrupted,
        $"The file {directory.Describe(name.ToString())} is missing, and with it the writes from commit {name.Sequence + 1} on. Nothing was changed. "
        + "Put back the directory from a copy, or move it away to begin with an empty store.");
}
