using Net.Channels;

namespace Net.Hosting.Watching;

/// <summary>What <c>net top --json</c> prints, and what the screen shows: the channels, with what two answers tell together.</summary>
internal sealed record TopReport
{
    public required string Source { get; init; }

    public required IReadOnlyList<TopChannel> Channels { get; init; }

    /// <summary>Puts two answers together.</summary>
    /// <param name="source">Who answered.</param>
    /// <param name="previous">The answer before; <c>null</c>: there is none, and rates are not known.</param>
    /// <param name="current">The last answer.</param>
    internal static TopReport From(string source, ChannelsDocument? previous, ChannelsDocument current)
    {
        // A program that was started again counts from 0.
        Dictionary<long, ChannelDocument> before = previous?.ProcessId == current.ProcessId ? previous.Channels.ToDictionary(static channel => channel.Id) : [];
        return new TopReport { Source = source, Channels = [.. current.Channels.Select(channel => TopChannel.From(before.GetValueOrDefault(channel.Id), channel))] };
    }
}
