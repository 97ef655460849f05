namespace Net.Client.Internal;

/// <summary>What those who wait for a connection may hope for.</summary>
/// <param name="HasEndPoint">Whether there is any end point.</param>
/// <param name="Next">The earliest time at which a connection may come about: now, when one is being opened.</param>
/// <param name="IsRejected">Whether certificates were refused everywhere, so that waiting cannot help.</param>
/// <param name="LastFailure">The last failure to connect, if nothing has succeeded since.</param>
internal sealed record RouteProspect(bool HasEndPoint, long Next, bool IsRejected, TransportException? LastFailure);
