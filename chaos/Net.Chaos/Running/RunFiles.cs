using System.Diagnostics;
using System.Globalization;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Running;

/// <summary>The folder of a run: each host's files, certificates, and small disks of their own where the scenario fills them. Removed in the end unless it is to be kept.</summary>
internal sealed class RunFiles : IAsyncDisposable
{
    private readonly List<string> _disks = [];
    private readonly bool _keeps;

    private RunFiles(string root, bool keeps)
    {
        Root = root;
        _keeps = keeps;
    }

    internal string Root { get; }

    internal static RunFiles Make(string? keep, string scenario)
    {
        if (keep is null)
        {
            return new RunFiles(Directory.CreateTempSubdirectory("net-chaos-").FullName, keeps: false);
        }

        string root = Path.GetFullPath(Path.Combine(keep, scenario));
        if (Directory.Exists(root))
        {
            throw new RunException($"'{root}' (--keep) exists already; its ledgers would be counted with this run's. Name another folder, or remove it.");
        }

        OwnerFiles.CreateDirectory(root);
        return new RunFiles(root, keeps: true);
    }

    /// <summary>Makes a host's folder, and its disk.</summary>
    /// <exception cref="RunException">A disk cannot be mounted.</exception>
    internal async Task<string> MakeHostAsync(string name, Topology topology, CancellationToken cancellationToken)
    {
        string directory = Path.Combine(Root, name);
        string data = DataOf(directory);
        OwnerFiles.CreateDirectory(data);
        if (topology.DiskBytes > 0)
        {
            await CallAsync(["mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={topology.DiskBytes},mode=0700"), "net-chaos", data], cancellationToken).ConfigureAwait(false);
            _disks.Add(data);
        }

        return directory;
    }

    /// <summary>Where a host keeps its rows.</summary>
    internal static string DataOf(string hostDirectory) => Path.Combine(hostDirectory, "data");

    public async ValueTask DisposeAsync()
    {
        foreach (string disk in _disks)
        {
            // Lazily: a host that was killed a moment ago may still hold a file.
            await CallAsync(["umount", "-l", disk], CancellationToken.None).ConfigureAwait(false);
        }

        if (!_keeps)
        {
            Directory.Delete(Root, recursive: true);
        }
    }

    private static async Task CallAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var info = new ProcessStartInfo(command[0]) { RedirectStandardError = true };
        foreach (string argument in command.Skip(1))
        {
            info.ArgumentList.Add(argument);
        }

        try
        {
            using Process process = Process.Start(info) ?? throw new RunException($"'{command[0]}' did not start.");
            string error = await process.StandardError.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            if (process.ExitCode != 0)
            {
                throw new RunException($"A disk of the host's own needs the right to mount (root): {error.Trim()}");
            }
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new RunException($"'{command[0]}' cannot be started: {exception.Message}", exception);
        }
    }
}
