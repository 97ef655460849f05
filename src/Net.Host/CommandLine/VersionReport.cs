namespace Net.Hosting.CommandLine;

/// <summary>What <c>net version --json</c> prints.</summary>
internal sealed record VersionReport
{
    public required string Version { get; init; }

    public required string Runtime { get; init; }

    public required string System { get; init; }

    public required IReadOnlyList<string> Protocols { get; init; }

    public required IReadOnlyList<EngineReport> Engines { get; init; }
}

/// <summary>One engine of a <see cref="VersionReport"/>.</summary>
internal sealed record EngineReport
{
    public required string Name { get; init; }

    public required bool IsSupported { get; init; }

    public string? Version { get; init; }

    public string? Reason { get; init; }

    public required IReadOnlyList<string> Capabilities { get; init; }
}
