using System.IO.Pipelines;

namespace Net;

/// <summary>A QUIC stream as a duplex pipe.</summary>
/// <remarks>
/// One reader and one writer at a time, as with any pipe. What is written is sent after <see cref="PipeWriter.FlushAsync"/>, which waits while more than
/// <see cref="TransportLimits.StreamSendBuffer"/> bytes are unacknowledged, or more than <see cref="TransportLimits.StreamUnsentBuffer"/> not even sent. Completing <see cref="Output"/> sends FIN after what was written; completing it with an exception resets the stream.
/// Receive credit goes back to the peer as the application advances <see cref="Input"/>.
/// A reset by the peer makes <see cref="Input"/> throw a <see cref="TransportException"/> (<see cref="TransportError.StreamReset"/>) with the code; a STOP_SENDING does the same on <see cref="Output"/>.
/// </remarks>
public abstract class TransportStream : IDuplexPipe, IAsyncDisposable
{
    /// <summary>The QUIC stream id (RFC 9000, section 2.1). The two low bits tell who opened the stream and its direction.</summary>
    public abstract long Id { get; }

    /// <summary>Which sides send.</summary>
    public abstract StreamDirection Direction { get; }

    /// <summary>Whether this side opened the stream.</summary>
    public abstract bool IsLocallyInitiated { get; }

    /// <summary>Whether this side receives on the stream.</summary>
    public bool CanRead => Direction == StreamDirection.Bidirectional || !IsLocallyInitiated;

    /// <summary>Whether this side sends on the stream.</summary>
    public bool CanWrite => Direction == StreamDirection.Bidirectional || IsLocallyInitiated;

    /// <summary>What the peer sends. On a unidirectional stream of this side's: already at its end.</summary>
    public abstract PipeReader Input { get; }

    /// <summary>What this side sends. On a unidirectional stream of the peer's: writing throws <see cref="InvalidOperationException"/>.</summary>
    public abstract PipeWriter Output { get; }

    /// <summary>Place in the order of sending. Ignored by engines without <see cref="EngineCapabilities.StreamPriority"/>, which always say <see cref="StreamPriority.Default"/>.</summary>
    public abstract StreamPriority Priority { get; set; }

    /// <summary>Whether some of the received bytes came as 0-RTT data, which an attacker may have replayed; always <c>false</c> on a client.</summary>
    public abstract bool IsEarlyData { get; }

    /// <summary>Completes when the stream is over in both directions: all that was sent is acknowledged or abandoned, and all that the peer sent has arrived or been abandoned. Never fails.</summary>
    public abstract Task Completion { get; }

    /// <summary>
    /// Completes when the sending side is over: successfully when the peer has acknowledged all bytes and the FIN; with a <see cref="TransportException"/> when the peer sent STOP_SENDING
    /// (<see cref="TransportError.StreamReset"/>), this side reset it, or the connection ended. Completed from the start when this side does not send.
    /// </summary>
    public abstract Task SendCompletion { get; }

    /// <summary>Tells the peer that no more will be read (STOP_SENDING, RFC 9000, section 3.5) and drops what is buffered. Does nothing when reading is over already.</summary>
    /// <param name="errorCode">Application error code, 0 to 2^62-1.</param>
    public abstract void AbortRead(long errorCode);

    /// <summary>Ends sending at once without delivering what is not yet acknowledged (RESET_STREAM, RFC 9000, section 3.1). Does nothing when all was acknowledged already.</summary>
    /// <param name="errorCode">Application error code, 0 to 2^62-1.</param>
    public abstract void AbortWrite(long errorCode);

    /// <summary>Aborts both directions.</summary>
    /// <param name="errorCode">Application error code, 0 to 2^62-1.</param>
    public virtual void Abort(long errorCode)
    {
        // Sending first: a reader whom the other abort wakes may end the stream at once, and what is cut must not look complete to the peer.
        AbortWrite(errorCode);
        AbortRead(errorCode);
    }

    /// <summary>
    /// Ends the stream: completes <see cref="Output"/> (FIN) if the application did not, aborts reading with <see cref="TransportOptions.DefaultStreamErrorCode"/> if the peer's FIN was not read, and gives the stream's memory back.
    /// Does not wait for acknowledgements; await <see cref="Completion"/> or <see cref="SendCompletion"/> for that. May be called twice.
    /// </summary>
    /// <returns>A task that is over when the stream's own resources need no more of the caller.</returns>
    public abstract ValueTask DisposeAsync();
}
