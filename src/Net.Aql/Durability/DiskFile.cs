using Microsoft.Win32.SafeHandles;

namespace Net.Aql;

/// <summary>A file on disk.</summary>
internal sealed class DiskFile(SafeFileHandle handle) : StoreFile
{
    internal override long Length => RandomAccess.GetLength(handle);

    internal override int Read(Span<byte> buffer, long offset)
    {
        int total = 0;
        while (total < buffer.Length)
        {
            int read = RandomAccess.Read(handle, buffer[total..], offset + total);
            if (read == 0)
            {
                break;
            }

            total += read;
        }

        return total;
    }

    internal override void Write(ReadOnlySpan<byte> data, long offset) => RandomAccess.Write(handle, data, offset);

    internal override void SetLength(long length) => RandomAccess.SetLength(handle, length);

    internal override void Flush() => RandomAccess.FlushToDisk(handle);

    public override void Dispose() => handle.Dispose();
}
