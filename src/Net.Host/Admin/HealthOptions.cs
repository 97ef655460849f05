using Net.Hosting.Calling;

namespace Net.Hosting.Admin;

/// <summary>What <c>net health</c> was told.</summary>
internal sealed record HealthOptions
{
    /// <summary>Where the server's health is; a path of <c>/</c> means <c>/health</c>.</summary>
    internal required Uri Url { get; init; }

    internal required TimeSpan Timeout { get; init; }

    /// <summary>How long to ask again while the server is not ready; 0: ask once.</summary>
    internal required TimeSpan Wait { get; init; }

    internal required bool Quiet { get; init; }

    internal required bool Json { get; init; }

    /// <summary>Who asks; <c>null</c>: nobody says.</summary>
    internal BearerCredential? Credential { get; init; }
}
