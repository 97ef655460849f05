using Microsoft.Win32.SafeHandles;

namespace Net.Security;

/// <summary>The files of the audit in a directory of the disk, which one process at a time writes to.</summary>
internal sealed class DirectoryAuditStorage : AuditStorage
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _directory;
    private readonly FileStream _lock;

    /// <exception cref="IOException">The directory is a symbolic link, cannot be made, or another process writes to it.</exception>
    internal DirectoryAuditStorage(string directory)
    {
        _directory = System.IO.Path.GetFullPath(directory);
        if (new DirectoryInfo(_directory).LinkTarget is not null)
        {
            throw new IOException($"The directory of the audit, '{_directory}', is a symbolic link; name the directory itself.");
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(_directory);
        }
        else
        {
            Directory.CreateDirectory(_directory, OwnerOnly | UnixFileMode.UserExecute);
        }

        string path = System.IO.Path.Combine(_directory, "audit.lock");
        RefuseLink(path);
        try
        {
            _lock = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new IOException($"The directory of the audit, '{_directory}', cannot be taken: {exception.Message} Does another process write to it?", exception);
        }
    }

    internal override IReadOnlyList<string> List() => ListFiles(_directory);

    internal override AuditFile Open(string name)
    {
        string path = System.IO.Path.Combine(_directory, name);
        RefuseLink(path);
        if (!OperatingSystem.IsWindows() && !File.Exists(path))
        {
            using FileStream made = new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        }

        return new DiskFile(File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read));
    }

    internal override void Delete(string name) => File.Delete(System.IO.Path.Combine(_directory, name));

    public override void Dispose() => _lock.Dispose();

    /// <summary>The files of a directory, in the order of their first entries.</summary>
    internal static IReadOnlyList<string> ListFiles(string directory) =>
        [.. Directory.EnumerateFiles(directory, "audit-*" + Extension).Select(static path => System.IO.Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static void RefuseLink(string path)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new IOException($"The file '{path}' of the audit is a symbolic link; it would be written to where somebody else chose.");
        }
    }

    private sealed class DiskFile(SafeFileHandle handle) : AuditFile
    {
        internal override long Length => RandomAccess.GetLength(handle);

        internal override int Read(long offset, Span<byte> buffer) => RandomAccess.Read(handle, buffer, offset);

        internal override void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(handle, bytes, offset);

        internal override void Flush() => RandomAccess.FlushToDisk(handle);

        internal override void Cut(long length) => RandomAccess.SetLength(handle, length);

        public override void Dispose() => handle.Dispose();
    }
}
