using Net.Client;

namespace Net.Channels;

/// <summary>The document of <see cref="ChannelsReport"/>.</summary>
internal sealed record ChannelsDocument
{
    public required int ProcessId { get; init; }

    public required IReadOnlyList<ChannelDocument> Channels { get; init; }

    internal static ChannelsDocument From(IEnumerable<ChannelSnapshot> channels) => new()
    {
        ProcessId = Environment.ProcessId,
        Channels = [.. channels.Select(ChannelDocument.From)],
    };
}
