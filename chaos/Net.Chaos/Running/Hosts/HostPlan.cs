using System.Globalization;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Running.Hosts;

/// <summary>How the hosts of a run are started.</summary>
internal sealed record HostPlan
{
    /// <summary>Program and arguments, with <c>{name}</c>, <c>{dir}</c> and <c>{port}</c> to be filled in.</summary>
    internal required IReadOnlyList<string> Command { get; init; }

    /// <summary>Whether it writes the ready file of <c>net serve</c> when clients can connect.</summary>
    internal required bool WritesReadyFile { get; init; }

    /// <summary>Whether it notes what it executes.</summary>
    internal required bool KeepsLedger { get; init; }

    /// <summary>How long it may take to be ready, as <see cref="RunOptions.StartLimit"/> says.</summary>
    internal TimeSpan StartLimit { get; init; }

    /// <summary>Says how a scenario's hosts are started.</summary>
    /// <exception cref="RunException">The host program is not there.</exception>
    internal static HostPlan For(Topology topology, RunOptions options, RunCertificates certificates)
    {
        if (topology.HostCommand.Count > 0)
        {
            bool isReadyKnown = topology.HostCommand.Any(static a => a.Contains("{ready}", StringComparison.Ordinal));
            bool isLedgerKept = topology.HostCommand.Any(static a => a.Contains("{ledger}", StringComparison.Ordinal));
            return new HostPlan { Command = topology.HostCommand, WritesReadyFile = isReadyKnown, KeepsLedger = isLedgerKept };
        }

        return new HostPlan
        {
            Command =
            [
                .. HostProgram.Find(options.HostProgram), "serve", .. options.Engine == RunEngines.Auto ? (string[])[] : ["--engine", options.Engine], "--address", "127.0.0.1", "--port", "{port}", "--ready-file", "{ready}", "--admin", "127.0.0.1:0", "--ledger", "{ledger}", "--data", "{dir}/data",
                "--cert", certificates.ServerCertificate("{name}"), "--key", certificates.ServerKey("{name}"), "--ca", certificates.Authority, .. topology.HostArguments,
            ],
            WritesReadyFile = true,
            KeepsLedger = true,
        };
    }

    internal IReadOnlyList<string> Fill(string name, string directory, int port, string ready, string? ledger) =>
    [
        .. Command.Select(argument => argument
            .Replace("{name}", name, StringComparison.Ordinal)
            .Replace("{dir}", directory, StringComparison.Ordinal)
            .Replace("{port}", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{ready}", ready, StringComparison.Ordinal)
            .Replace("{ledger}", ledger ?? "", StringComparison.Ordinal)),
    ];
}
