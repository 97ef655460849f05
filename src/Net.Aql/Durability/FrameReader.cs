using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Reads the frames of a log or a snapshot, one after the other.</summary>
internal sealed class FrameReader
{
    private readonly StoreFile _file;
    private readonly string _path;

    private FrameReader(StoreFile file, string path, FileHeader header)
    {
        _file = file;
        _path = path;
        Header = header;
        Seed = header.Seed;
    }

    internal FileHeader Header { get; }

    internal uint Seed { get; }

    /// <summary>Where the next frame begins.</summary>
    internal long Offset { get; private set; } = FileHeader.Size;

    /// <summary>Reads the header.</summary>
    /// <exception cref="AqlException">It is damaged, or of another format.</exception>
    internal static FrameReader Open(StoreFile file, string path, StoreFileName name)
    {
        var bytes = new byte[FileHeader.Size];
        int length = file.Read(bytes, 0);
        if (FileHeader.Read(bytes.AsSpan(0, length), name.Kind, out FileHeader header) is { } fault)
        {
            throw Damaged(path, fault);
        }

        return header.Sequence == name.Sequence
            ? new FrameReader(file, path, header)
            : throw Damaged(path, $"belongs after commit {header.Sequence}, which is not what its name says: it was renamed");
    }

    /// <summary>Reads the next frame.</summary>
    /// <returns><c>null</c> where there is no whole one; <see cref="Offset"/> stays there.</returns>
    internal FramePayload? Next()
    {
        Span<byte> header = stackalloc byte[Frame.HeaderSize];
        int read = _file.Read(header, Offset);
        if (!Frame.TryReadHeader(header[..read], Seed, out Frame frame) || Offset + Frame.HeaderSize + frame.PayloadSize > _file.Length)
        {
            return null;
        }

        var payload = new byte[frame.PayloadSize];
        if (_file.Read(payload, Offset + Frame.HeaderSize) != payload.Length || !frame.Fits(payload, Seed))
        {
            return null;
        }

        Offset += Frame.HeaderSize + payload.Length;
        return new FramePayload(frame.Sequence, payload);
    }

    /// <summary>Reads a commit from a payload.</summary>
    /// <exception cref="AqlException">It makes no sense.</exception>
    internal List<Mutation> ReadCommit(ref ReadOnlySpan<byte> payload)
    {
        try
        {
            return CommitCodec.Read(ref payload);
        }
        catch (InvalidDataException failure)
        {
            throw Damaged($"the frame that ends at byte {Offset} makes no sense: {failure.Message}");
        }
    }

    internal AqlException Damaged(string fault) => Damaged(_path, "is damaged: " + fault);

    private static AqlException Damaged(string path, string fault) => new(
        ErrorCode.StorageCorrupted,
        $"The file {path} {fault}. Nothing was changed. Put back the directory from a copy, or move it away to begin with an empty store.");
}
