using Net.Client;

namespace Net.Channels;

/// <summary>A raw stream that a caller wants opened and answered.</summary>
/// <param name="Call">The stream.</param>
/// <param name="Opening">What is sent on it, the same for each attempt.</param>
/// <param name="EndsOutput">Whether nothing follows it.</param>
internal sealed record RawStreamExchange(RawStreamCall Call, ReadOnlyMemory<byte> Opening, bool EndsOutput);
