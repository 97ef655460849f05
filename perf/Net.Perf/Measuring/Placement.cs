using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Net.Perf.Measuring;

/// <summary>On which cores the two ends run.</summary>
internal enum Placement
{
    /// <summary>As the caller set it.</summary>
    AsIs,

    /// <summary>Both ends on one core: latency and processor time agree between runs.</summary>
    Packed,

    /// <summary>Each end on a core of its own.</summary>
    Split,
}

/// <summary>Puts threads and processes on cores.</summary>
internal static unsafe partial class Pinning
{
    /// <summary>How this process was placed. Set once at the start.</summary>
    internal static Placement Current { get; set; }

    /// <summary>The placement as the tables name it.</summary>
    internal static string Describe() => Current switch
    {
        Placement.Packed => "packed",
        Placement.Split => "split",
        _ => "as is",
    };

    /// <summary>The core of both ends when packed, of the server when split.</summary>
    internal static int ServerCore => Math.Max(0, Environment.ProcessorCount - 1);

    private static int ClientCore => 0;

    /// <summary>A command that runs this program again on one core. Two cores are pretended, as the runtime would otherwise schedule and spin in another way.</summary>
    internal static ProcessStartInfo Packed(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("taskset") { ArgumentList = { "-c", ServerCore.ToString(CultureInfo.InvariantCulture) } };
        AddSelf(start);
        AddAll(start, arguments);
        start.Environment["DOTNET_PROCESSOR_COUNT"] = "2";
        return start;
    }

    /// <summary>A command that runs this program again on the cores it may use.</summary>
    internal static ProcessStartInfo Unpinned(IEnumerable<string> arguments)
    {
        string path = Environment.ProcessPath!;
        ProcessStartInfo start;
        if (IsDotnet(path))
        {
            start = new ProcessStartInfo(path);
            start.ArgumentList.Add(typeof(Pinning).Assembly.Location);
        }
        else
        {
            start = new ProcessStartInfo(path);
        }

        AddAll(start, arguments);
        return start;
    }

    /// <summary>Puts the calling thread on the core of its side when the sides are split.</summary>
    internal static void PinSelf(bool isServer)
    {
        if (Current == Placement.Split)
        {
            Pin(0, isServer ? ServerCore : ClientCore);
        }
    }

    /// <summary>Puts a whole process on the core of its side when the sides are split; threads that it makes later follow those that it has.</summary>
    internal static void PinProcess(int processId, bool isServer)
    {
        if (Current == Placement.Split)
        {
            foreach (string task in Directory.GetDirectories($"/proc/{processId}/task"))
            {
                Pin(int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture), isServer ? ServerCore : ClientCore);
            }
        }
    }

    /// <summary>Puts the engine's threads on the cores of their sides when these are split.</summary>
    internal static void PinEngineThreads()
    {
        if (Current != Placement.Split)
        {
            return;
        }

        foreach (string task in Directory.GetDirectories("/proc/self/task"))
        {
            int id = int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture);
            string name = File.ReadAllText(Path.Combine(task, "comm"));
            if (name.StartsWith("net-ngtcp2-clie", StringComparison.Ordinal))
            {
                Pin(id, ClientCore);
            }
            else if (name.StartsWith("net-ngtcp2-list", StringComparison.Ordinal))
            {
                Pin(id, ServerCore);
            }
        }
    }

    private static void Pin(int thread, int core)
    {
        ulong mask = 1UL << core;
        if (SetAffinity(thread, sizeof(ulong), &mask) != 0)
        {
            throw new InvalidOperationException($"sched_setaffinity refused core {core}: error {Marshal.GetLastPInvokeError()}. Two cores must be allowed for the split placement.");
        }
    }

    private static void AddSelf(ProcessStartInfo start)
    {
        string path = Environment.ProcessPath!;
        start.ArgumentList.Add(path);
        if (IsDotnet(path))
        {
            start.ArgumentList.Add(typeof(Pinning).Assembly.Location);
        }
    }

    private static bool IsDotnet(string path) => Path.GetFileNameWithoutExtension(path) == "dotnet";

    private static void AddAll(ProcessStartInfo start, IEnumerable<string> arguments)
    {
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nuint size, ulong* mask);
}
