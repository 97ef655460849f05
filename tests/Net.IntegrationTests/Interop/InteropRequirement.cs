using Net.IntegrationTests.Setup;
using Net.Ngtcp2.Interop;

namespace Net.IntegrationTests.Interop;

/// <summary>What an interop test needs of the machine. What is missing is inconclusive and named, but a failure where NET_CI=1 is set.</summary>
internal static class InteropRequirement
{
    private const string HowToInstall = "Run src/setup/peers.sh.";

    /// <summary>Where the scripts of the quiche peer are.</summary>
    public static string QuicheDirectory { get; } = RepositoryFiles.PathOf("tests/peers/quiche");

    public static void Engine()
    {
        NativeLibraryProbe probe = NativeLibraries.Probe();
        if (!probe.IsSupported)
        {
            SetupRequirement.Missing($"The ngtcp2 engine cannot run: {probe.Reason}");
        }
    }

    public static void Quiche()
    {
        Engine();
        RequireProgram("node", "nodejs");
        if (!Directory.Exists(Path.Combine(QuicheDirectory, "node_modules", "@matrixai", "quic")))
        {
            SetupRequirement.Missing($"The npm package @matrixai/quic (quiche) is not in tests/peers/quiche/node_modules. {HowToInstall}");
        }
    }

    /// <summary>Finds a program, also where only root's PATH would.</summary>
    public static string RequireProgram(string name, string package)
    {
        string[] directories = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), "/usr/sbin"];
        string? found = directories.Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists);
        if (found is null)
        {
            SetupRequirement.Missing($"The program {name} of the package {package} is not installed. {HowToInstall}");
        }

        return found!;
    }
}
