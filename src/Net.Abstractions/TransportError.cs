namespace Net;

/// <summary>Says what went wrong in the transport, as a closed set that callers can switch on.</summary>
public enum TransportError
{
    /// <summary>No connection came about: refused, unreachable, no common QUIC version or application protocol, or the handshake timed out. Nothing was processed.</summary>
    ConnectFailed = 1,

    /// <summary>One side refused the other's certificate, or a required one was missing. Trying again with the same certificate cannot help.</summary>
    CertificateRejected,

    /// <summary>The connection ended without a close by the application: idle timeout, stateless reset, a transport error, or the local engine was disposed.</summary>
    ConnectionLost,

    /// <summary>The connection was closed with an application code, by either side. <see cref="TransportException.ApplicationErrorCode"/> holds the code.</summary>
    ConnectionClosed,

    /// <summary>The peer reset the stream (RESET_STREAM) or asked to stop sending (STOP_SENDING), or this side aborted it. <see cref="TransportException.ApplicationErrorCode"/> holds the code.</summary>
    StreamReset,

    /// <summary>The server refused 0-RTT data: what was sent early was discarded unprocessed and may be sent again (RFC 9001, section 4.6.2).</summary>
    EarlyDataRejected,

    /// <summary>A pool or one of its queues is full, or no connection came free in time.</summary>
    PoolExhausted,

    /// <summary>A message, header or datagram is larger than the limit that the message names.</summary>
    MessageTooLarge,

    /// <summary>Every end point is cut off by its circuit breaker. Nothing was sent.</summary>
    CircuitOpen,

    /// <summary>There is no end point to connect to. Nothing was sent.</summary>
    NoEndPoint,

    /// <summary>The deadline of the call or stream passed.</summary>
    DeadlineExceeded,

    /// <summary>The peer broke the protocol, or sent bytes that make no sense in it.</summary>
    ProtocolViolation,

    /// <summary>The engine cannot run here: its native library is absent or too old. The message tells which and why.</summary>
    EngineMissing,

    /// <summary>The listener could not be bound: address in use, not available, or no right to the port.</summary>
    ListenFailed,
}
