namespace Net.Aql;

/// <summary>One open file of a store. One thread uses it at a time.</summary>
internal abstract class StoreFile : IDisposable
{
    internal abstract long Length { get; }

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    internal abstract int Read(Span<byte> buffer, long offset);

    internal abstract void Write(ReadOnlySpan<byte> data, long offset);

    internal abstract void SetLength(long length);

    /// <summary>Returns when the file's bytes and length would survive a loss of power.</summary>
    internal abstract void Flush();

    public abstract void Dispose();
}
