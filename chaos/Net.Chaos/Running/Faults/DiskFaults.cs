using Net.Chaos.Running.Hosts;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Running.Faults;

/// <summary>Fills the disks of hosts.</summary>
internal static class DiskFaults
{
    private const int BlockLength = 4096;

    // What the kernel says when a disk is full (ENOSPC), as .NET carries it.
    private const int NoSpace = 28;

    internal static async Task<FaultProof> RunAsync(FaultStage stage, FaultPlan plan, DiskFault fault)
    {
        var fillers = new List<string>();
        int full = 0;
        try
        {
            foreach (string name in fault.Hosts)
            {
                IRunHost host = stage.Cast.Host(name);
                string filler = Path.Combine(RunFiles.DataOf(host.Directory), "filler");
                fillers.Add(filler);
                full += await FillAsync(filler, stage.Stop).ConfigureAwait(false) ? 1 : 0;
            }

            await stage.LastAsync(plan).ConfigureAwait(false);
        }
        finally
        {
            foreach (string filler in fillers)
            {
                File.Delete(filler);
            }
        }

        return new FaultProof(fault.Hosts, full, "disks that took no more bytes");
    }

    private static async Task<bool> FillAsync(string path, CancellationToken cancellationToken)
    {
        var block = new byte[BlockLength];
        try
        {
            var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            await using (stream.ConfigureAwait(false))
            {
                while (true)
                {
                    await stream.WriteAsync(block, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (IOException exception) when ((exception.HResult & 0xffff) == NoSpace || exception.Message.Contains("No space left", StringComparison.Ordinal))
        {
            return true;
        }
    }
}
