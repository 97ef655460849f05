using Microsoft.Win32.SafeHandles;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>A directory on disk, held by a lock on a file in it. The system releases the lock however the process ends.</summary>
internal sealed class DiskDirectory : StoreDirectory
{
    private const string LockName = "lock";

    private readonly string _path;
    private readonly SafeFileHandle _lock;

    private DiskDirectory(string path, SafeFileHandle @lock)
    {
        _path = path;
        _lock = @lock;
    }

    /// <summary>Makes the directory where it is missing, for its owner alone, and locks it.</summary>
    /// <exception cref="AqlException">Another process has it open, or this one may not.</exception>
    internal static DiskDirectory Acquire(string path)
    {
        string full = Path.GetFullPath(path);
        try
        {
            if (!Directory.Exists(full))
            {
                MakeDirectory(full, isPrivate: true);
            }

            string lockFile = Path.Combine(full, LockName);
            return new DiskDirectory(full, Lock(full, lockFile));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new AqlException(
                ErrorCode.StorageIo,
                $"The store's directory {full} cannot be opened: {failure.Message} Name a directory that this process may write to.",
                failure);
        }
    }

    internal override IReadOnlyList<string> List() => [.. Directory.EnumerateFiles(_path).Select(file => Path.GetFileName(file)).Where(name => name != LockName)];

    internal override StoreFile Create(string name) => new DiskFile(File.OpenHandle(PathOf(name), FileMode.Create, FileAccess.ReadWrite, FileShare.Read));

    internal override StoreFile Open(string name) => new DiskFile(File.OpenHandle(PathOf(name), FileMode.Open, FileAccess.ReadWrite, FileShare.Read));

    internal override void Rename(string from, string to) => File.Move(PathOf(from), PathOf(to), overwrite: true);

    internal override void Delete(string name) => File.Delete(PathOf(name));

    internal override void Flush() => DirectoryFlush.Flush(_path);

    internal override string Describe(string name) => PathOf(name);

    public override void Dispose() => _lock.Dispose();

    // Each new directory's name stands in its parent, which has to be flushed as well.
    private static void MakeDirectory(string path, bool isPrivate)
    {
        string? parent = Path.GetDirectoryName(path);
        if (parent is not null && !Directory.Exists(parent))
        {
            MakeDirectory(parent, isPrivate: false);
        }

        if (isPrivate && !OperatingSystem.IsWindows())
        {
            // The rows are for those who may ask the host, not for everybody on its machine.
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        else
        {
            Directory.CreateDirectory(path);
        }

        if (parent is not null)
        {
            DirectoryFlush.Flush(parent);
        }
    }

    private static SafeFileHandle Lock(string path, string lockFile)
    {
        try
        {
            return File.OpenHandle(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure) when (File.Exists(lockFile))
        {
            throw new AqlException(
                ErrorCode.StorageIo,
                $"The store's directory {path} is open already, in this process or another one. End that process, or name another directory.",
                failure);
        }
    }

    private string PathOf(string name) => Path.Combine(_path, name);
}
