using Net.Client;

namespace Net.Channels;

/// <summary>A raw stream that a caller wants opened.</summary>
internal sealed record RawStreamCall(string Route, RawStreamOptions Options, CancellationToken CallerToken);
