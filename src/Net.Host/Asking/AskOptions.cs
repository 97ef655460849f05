using Net.Hosting.Echoing;

namespace Net.Hosting.Asking;

/// <summary>What <c>net aql</c> was told.</summary>
internal sealed record AskOptions
{
    internal required EchoTarget Target { get; init; }

    /// <summary>The queries; <c>null</c>: a file, standard input or a prompt.</summary>
    internal string? Text { get; init; }

    internal string? FilePath { get; init; }

    /// <summary>Whether all queries are one transaction.</summary>
    internal required bool Batch { get; init; }

    internal required int MaxRows { get; init; }

    internal required bool Json { get; init; }
}
