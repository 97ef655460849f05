namespace Net.Hosting.Calling;

/// <summary>Which HTTP a command calls with, as <c>--http</c> takes it.</summary>
internal enum HttpChoice
{
    /// <summary>HTTP/3 where a QUIC engine runs and the server answers on UDP, else HTTP/2.</summary>
    Auto,

    /// <summary>HTTP/2 over TCP.</summary>
    Http2,

    /// <summary>HTTP/3 over QUIC, or a failure.</summary>
    Http3,
}
