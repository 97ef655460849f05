using System.Runtime.InteropServices;

namespace Net.Aql;

/// <summary>Makes the names in a directory durable, for which the base class library has no call.</summary>
internal static unsafe partial class DirectoryFlush
{
    private const int OpenReadOnly = 0;
    private const int NotSupported = 22;

    /// <summary>Flushes a directory.</summary>
    /// <param name="path">The directory.</param>
    /// <exception cref="IOException">The system failed to; <see cref="Exception.HResult"/> holds its error number.</exception>
    internal static void Flush(string path)
    {
        // Windows has no such call: NTFS logs changes of names itself.
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = Open(path, OpenReadOnly);
        if (descriptor < 0)
        {
            throw Failure("open", path);
        }

        try
        {
            // EINVAL: the file system has no notion of flushing a directory, and so nothing to wait for.
            if (FSync(descriptor) != 0 && Marshal.GetLastPInvokeError() != NotSupported)
            {
                throw Failure("flush", path);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failure(string action, string path)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"Cannot {action} the directory {path}: {Marshal.GetPInvokeErrorMessage(error)}.", error);
    }

    // int open(const char *pathname, int flags);
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    // int fsync(int fd);
    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FSync(int descriptor);

    // int close(int fd);
    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
