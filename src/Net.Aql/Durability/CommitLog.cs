using System.Security.Cryptography;

namespace Net.Aql;

/// <summary>The log that is being written. One thread uses it.</summary>
internal sealed class CommitLog(StoreDirectory directory, StoreFile file, FileHeader header, long length) : IDisposable
{
    private StoreFile _file = file;
    private uint _seed = header.Seed;
    private bool _isDirty;

    /// <summary>Bytes of this log that are on the disk.</summary>
    internal long Length { get; private set; } = length;

    /// <summary>Makes an empty log.</summary>
    internal static CommitLog Create(StoreDirectory directory, long sequence)
    {
        (StoreFile file, FileHeader header) = CreateFile(directory, sequence);
        return new CommitLog(directory, file, header, FileHeader.Size);
    }

    /// <summary>A salt for a new file: random, so that nobody who sends values can know it.</summary>
    internal static UInt128 NewSalt()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(bytes);
    }

    /// <summary>Appends a frame and waits for the disk.</summary>
    /// <param name="frame">Room for the header, then the commits.</param>
    /// <param name="sequence">The number of the first one.</param>
    /// <exception cref="IOException">Nothing was appended. <see cref="IsUncertain"/> says when that could not be made sure of.</exception>
    internal void Append(Span<byte> frame, long sequence)
    {
        IsUncertain = false;
        if (_isDirty)
        {
            CutBack();
        }

        Frame.Seal(frame, sequence, _seed);
        _isDirty = true;
        try
        {
            _file.Write(frame, Length);
            _file.Flush();
        }
        catch (Exception failure) when (DiskErrors.IsFailure(failure))
        {
            // At once, and not only before the next write: a crash in between must not bring back what its writer is now told has failed.
            TryCutBack();
            IsUncertain = _isDirty;
            throw;
        }

        Length += frame.Length;
        _isDirty = false;
    }

    /// <summary>Whether a new log was named but could not be used, so that this one must not grow.</summary>
    internal bool IsSealed { get; private set; }

    /// <summary>Whether the frame that was appended last failed, and could not be taken back either: after a crash it may be there.</summary>
    internal bool IsUncertain { get; private set; }

    /// <summary>Whether bytes of a failed write may still stand behind <see cref="Length"/>.</summary>
    internal bool IsDirty => _isDirty;

    /// <summary>Goes on with a new log; the old one stays as it is.</summary>
    /// <exception cref="IOException">The new one could not be made; the old one goes on, unless <see cref="IsSealed"/>.</exception>
    internal void Rotate(long sequence)
    {
        StoreFile next;
        FileHeader header;
        try
        {
            (next, header) = CreateFile(directory, sequence);
        }
        catch (Exception failure) when (DiskErrors.IsFailure(failure))
        {
            // With a log after it, a half-written end of this one would be taken for damage: nothing may be appended to it any more.
            IsSealed = directory.List().Contains(new StoreFileName(StoreFileKind.Log, sequence).ToString());
            throw;
        }

        _file.Dispose();
        _file = next;
        _seed = header.Seed;
        Length = FileHeader.Size;
    }

    public void Dispose() => _file.Dispose();

    private static (StoreFile File, FileHeader Header) CreateFile(StoreDirectory directory, long sequence)
    {
        string name = new StoreFileName(StoreFileKind.Log, sequence).ToString();
        string unfinished = name + StoreFileName.Unfinished;
        var header = new FileHeader(StoreFileKind.Log, sequence, NewSalt());
        StoreFile file = directory.Create(unfinished);
        try
        {
            file.Write(header.ToBytes(), 0);
            file.Flush();
            directory.Rename(unfinished, name);
            directory.Flush();
            return (file, header);
        }
        catch
        {
            file.Dispose();
            TryDelete(directory, unfinished);
            TryDelete(directory, name);
            throw;
        }
    }

    private static void TryDelete(StoreDirectory directory, string name)
    {
        try
        {
            directory.Delete(name);
        }
        catch (Exception failure) when (DiskErrors.IsFailure(failure))
        {
            // What led here is the failure to report. An empty log that stays is harmless as long as the log before it ends whole, see Rotate.
        }
    }

    private void TryCutBack()
    {
        try
        {
            CutBack();
        }
        catch (Exception failure) when (DiskErrors.IsFailure(failure))
        {
            // The failure that led here is the one to report; IsDirty tells that this one happened too.
        }
    }

    private void CutBack()
    {
        _file.SetLength(Length);
        _file.Flush();
        _isDirty = false;
    }
}
