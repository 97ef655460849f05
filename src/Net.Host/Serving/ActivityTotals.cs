using System.Globalization;

namespace Net.Hosting.Serving;

/// <summary>What a server did from its start.</summary>
/// <param name="Calls">HTTP requests that ended, gRPC calls included.</param>
/// <param name="CallErrors">Those of them that failed: status 5xx, gRPC status other than OK, or given up.</param>
/// <param name="Streams">Raw streams that ended.</param>
/// <param name="StreamErrors">Those of them whose handler failed or was cut.</param>
/// <param name="BytesReceived">Bytes of QUIC packets that came, where the engine counts them.</param>
/// <param name="BytesSent">Bytes of QUIC packets that went.</param>
/// <param name="UptimeSeconds">Since the start.</param>
internal sealed record ActivityTotals(long Calls, long CallErrors, long Streams, long StreamErrors, long BytesReceived, long BytesSent, double UptimeSeconds)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"Served in {UptimeSeconds:0.0} s: {Calls} calls ({CallErrors} failed), {Streams} raw streams ({StreamErrors} failed); over QUIC {BytesReceived} bytes came and {BytesSent} went.");
}
