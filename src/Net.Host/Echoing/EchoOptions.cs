namespace Net.Hosting.Echoing;

/// <summary>What <c>net echo</c> was told.</summary>
internal sealed record EchoOptions
{
    internal required EchoTarget Target { get; init; }

    internal required PayloadSource Payload { get; init; }

    internal required int Count { get; init; }

    internal required bool Json { get; init; }
}
