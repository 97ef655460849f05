namespace Net;

/// <summary>The one exception that the transport throws for what happens on the wire or in the engine.</summary>
/// <remarks>
/// Mistakes in arguments throw <see cref="ArgumentException"/>; cancellation by the caller throws <see cref="OperationCanceledException"/>
/// with the caller's token; a timeout of the transport's own is a <see cref="TransportException"/>.
/// </remarks>
public sealed class TransportException : IOException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="message">What, where, and how to mend it.</param>
    /// <param name="innerException">The cause, when there is one.</param>
    public TransportException(TransportError error, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Error = error;
        IsSafeToRetry = error is TransportError.ConnectFailed or TransportError.CircuitOpen or TransportError.NoEndPoint
            or TransportError.EarlyDataRejected or TransportError.PoolExhausted;
    }

    /// <summary>What went wrong.</summary>
    public TransportError Error { get; }

    /// <summary>The application's error code (0 to 2^62-1) with which a stream or connection ended, or <c>null</c> when no such code is known.</summary>
    public long? ApplicationErrorCode { get; init; }

    /// <summary>The QUIC transport error code (RFC 9000, section 20.1), or <c>null</c>. Codes 0x100 to 0x1ff are TLS alerts: the low byte is the alert.</summary>
    public long? TransportErrorCode { get; init; }

    /// <summary>Whether nothing of the operation can have been processed by the peer, so that doing it again cannot do it twice.</summary>
    public bool IsSafeToRetry { get; init; }

    /// <summary>How long to wait before another attempt makes sense, or <c>null</c> when nothing is known.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>A number from the native library, kept in <see cref="Exception.HResult"/>; 0 when there is none.</summary>
    public int NativeError
    {
        get => _nativeError;
        init
        {
            _nativeError = value;
            HResult = value;
        }
    }

    private readonly int _nativeError;
}
