using System.Runtime.InteropServices;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>What the process holds of what an engine takes: descriptors, threads, native memory.</summary>
internal static partial class ProcessResources
{
    /// <summary>Open sockets and event descriptors.</summary>
    internal static int CountDescriptors()
    {
        int count = 0;
        foreach (string path in Directory.EnumerateFiles("/proc/self/fd"))
        {
            string? target = ReadLink(path);
            count += target is not null && (target.StartsWith("socket:", StringComparison.Ordinal) || target.Contains("eventfd", StringComparison.Ordinal)) ? 1 : 0;
        }

        return count;
    }

    /// <summary>Threads of engines. The kernel keeps 15 characters of a name.</summary>
    internal static int CountLoopThreads()
    {
        int count = 0;
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            try
            {
                count += File.ReadAllText(Path.Combine(task, "comm")).StartsWith("net-ngtcp2", StringComparison.Ordinal) ? 1 : 0;
            }
            catch (IOException)
            {
                // The thread ended meanwhile.
            }
        }

        return count;
    }

    /// <summary>Bytes that native code has allocated and not freed, in all arenas of the C library.</summary>
    internal static long NativeBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        MallocInformation information = ReadMallocInformation();
        return (long)(information.BytesInUse + information.BytesMapped);
    }

    private static string? ReadLink(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (IOException)
        {
            // Closed since the directory was read.
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    private static partial MallocInformation ReadMallocInformation();

    // struct mallinfo2 of malloc.h (glibc 2.33).
    [StructLayout(LayoutKind.Sequential)]
    private struct MallocInformation
    {
        internal nuint Arena;
        internal nuint FreeChunks;
        internal nuint FastbinBlocks;
        internal nuint MappedRegions;
        internal nuint BytesMapped;
        internal nuint MaxTotal;
        internal nuint FastbinBytes;
        internal nuint BytesInUse;
        internal nuint BytesFree;
        internal nuint Releasable;
    }
}
