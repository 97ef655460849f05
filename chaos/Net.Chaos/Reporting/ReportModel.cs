using System.Text.Json.Serialization;

namespace Net.Chaos.Reporting;

/// <summary>A run as JSON.</summary>
internal sealed record ReportModel
{
    public required string Scenario { get; init; }

    public required string About { get; init; }

    public required IReadOnlyList<int> Rows { get; init; }

    /// <summary>The seed as text: JSON's numbers do not hold all of them.</summary>
    public required string Seed { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required bool Passed { get; init; }

    /// <summary>Why it could not be run to its end.</summary>
    public string? Failure { get; init; }

    /// <summary>What repeats it.</summary>
    public required string Command { get; init; }

    public required MachineModel Machine { get; init; }

    public required IReadOnlyList<FindingModel> Findings { get; init; }

    /// <summary>By name; times in seconds, sizes in bytes.</summary>
    public required IReadOnlyDictionary<string, double> Figures { get; init; }

    /// <summary>What each client saw, where they balance in different ways.</summary>
    public IReadOnlyList<ClientModel> Clients { get; init; } = [];

    public required IReadOnlyList<FaultModel> Faults { get; init; }

    /// <summary>Each second of the load, for each host.</summary>
    public required IReadOnlyList<SecondModel> Seconds { get; init; }

    /// <summary>The first calls that did not succeed.</summary>
    public required IReadOnlyList<BadCallModel> BadCalls { get; init; }
}

/// <summary>Where it ran.</summary>
internal sealed record MachineModel(string System, string Framework, int Cores, long MemoryBytes);

/// <summary>A thing that must hold.</summary>
internal sealed record FindingModel(string Rule, string Text, string Measured, bool Holds);

/// <summary>Successful calls of one client; latencies in seconds.</summary>
internal sealed record ClientModel(string Client, string Balancing, int Ok, double Mean, double Median, double Ninth, double Slowest, IReadOnlyDictionary<string, int> Hosts);

/// <summary>A fault as it happened; times in seconds from the start of the run.</summary>
internal sealed record FaultModel(string Word, string Target, double Began, double Ended, long Proof, string ProofOf);

/// <summary>One second of one host; latencies in seconds.</summary>
internal sealed record SecondModel(int Second, string Host, int Ok, int Refused, int Failed, int Unknown, double? Median, double? Slowest);

/// <summary>A call that did not succeed; times in seconds from the start of the run.</summary>
internal sealed record BadCallModel(string Id, string Client, string Load, string Result, string? Host, double Began, double Ended, int Attempts, string Detail);

/// <summary>How reports are written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<ReportModel>))]
internal sealed partial class ReportJson : JsonSerializerContext;
