namespace Net;

/// <summary>How a connection ended.</summary>
/// <param name="Initiator">Who ended it.</param>
/// <param name="Error">What kind of end it was; <see cref="TransportError.ConnectionClosed"/> for a close by an application.</param>
/// <param name="ApplicationErrorCode">The application's code, when an application closed.</param>
/// <param name="TransportErrorCode">The QUIC transport error code otherwise, when one is known (RFC 9000, section 20.1).</param>
/// <param name="Reason">
/// The reason text that came with the close, or the engine's own description; never <c>null</c>. The peer may have chosen it: control characters are replaced (<see cref="PlainText"/>),
/// and what is above 2,048 characters is cut off, so that it can be logged as it is.
/// </param>
public sealed record ConnectionClose(CloseInitiator Initiator, TransportError Error, long? ApplicationErrorCode, long? TransportErrorCode, string Reason)
{
    private const int MaxReasonLength = 2048;

    /// <summary>The reason text that came with the close, or the engine's own description.</summary>
    public string Reason
    {
        get;
        init => field = PlainText.Clean(value, MaxReasonLength);
    }
    = PlainText.Clean(Reason, MaxReasonLength);

    /// <summary>Makes the exception that operations on the ended connection throw.</summary>
    /// <param name="isSafeToRetry">Whether the operation had not sent anything yet.</param>
    /// <returns>A new exception.</returns>
    public TransportException ToException(bool isSafeToRetry = false) => new(Error, Describe())
    {
        ApplicationErrorCode = ApplicationErrorCode,
        TransportErrorCode = TransportErrorCode,
        IsSafeToRetry = isSafeToRetry && Error != TransportError.CertificateRejected,
    };

    private string Describe()
    {
        string who = Initiator switch
        {
            CloseInitiator.Local => "The connection was closed by this side",
            CloseInitiator.Remote => "The connection was closed by the peer",
            _ => "The connection was lost",
        };
        string code = ApplicationErrorCode is long a ? $" with application code 0x{a:x}"
            : TransportErrorCode is long t ? $" with transport code 0x{t:x}" : "";
        return Reason.Length == 0 ? $"{who}{code}." : $"{who}{code}: {Reason}";
    }
}
