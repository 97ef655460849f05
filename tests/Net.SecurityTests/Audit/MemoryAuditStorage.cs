using Net.Security;

namespace Net.SecurityTests.Audit;

/// <summary>Files in memory that are full, or write half, when a test says so.</summary>
internal sealed class MemoryAuditStorage : AuditStorage
{
    private readonly SortedDictionary<string, byte[]> _files = new(StringComparer.Ordinal);

    /// <summary>Bytes that can still be written; a write that needs more writes as much as there is room for, and fails.</summary>
    internal long Room { get; set; } = long.MaxValue;

    internal Action? WriteAttempted { get; set; }

    internal IReadOnlyDictionary<string, byte[]> Files
    {
        get
        {
            lock (_files)
            {
                return new SortedDictionary<string, byte[]>(_files, StringComparer.Ordinal);
            }
        }
    }

    internal void CopyTo(string directory)
    {
        foreach ((string name, byte[] content) in Files)
        {
            File.WriteAllBytes(Path.Combine(directory, name), content);
        }
    }

    internal override IReadOnlyList<string> List() => [.. Files.Keys];

    internal override AuditFile Open(string name)
    {
        lock (_files)
        {
            _files.TryAdd(name, []);
        }

        return new MemoryFile(this, name);
    }

    internal override void Delete(string name)
    {
        lock (_files)
        {
            _files.Remove(name);
        }
    }

    public override void Dispose()
    {
    }

    private sealed class MemoryFile(MemoryAuditStorage owner, string name) : AuditFile
    {
        internal override long Length => Get().Length;

        internal override int Read(long offset, Span<byte> buffer)
        {
            Span<byte> rest = Get().AsSpan((int)offset);
            int count = Math.Min(rest.Length, buffer.Length);
            rest[..count].CopyTo(buffer);
            return count;
        }

        internal override void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            owner.WriteAttempted?.Invoke();
            int count = (int)Math.Min(bytes.Length, owner.Room);
            owner.Room -= count;
            Set([.. Get().AsSpan(0, (int)offset), .. bytes[..count]]);
            if (count < bytes.Length)
            {
                throw new IOException("No space left on device.");
            }
        }

        internal override void Flush()
        {
        }

        internal override void Cut(long length) => Set(Get()[..(int)length]);

        public override void Dispose()
        {
        }

        private byte[] Get()
        {
            lock (owner._files)
            {
                return owner._files[name];
            }
        }

        private void Set(byte[] content)
        {
            lock (owner._files)
            {
                owner._files[name] = content;
            }
        }
    }
}
