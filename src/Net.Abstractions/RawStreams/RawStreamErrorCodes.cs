namespace Net;

/// <summary>Application error codes of <c>net/1</c>, for RESET_STREAM, STOP_SENDING and CONNECTION_CLOSE. <c>protocol/net-1.md</c>, section 5, says who sends which when.</summary>
/// <remarks>Codes below <see cref="FirstApplicationCode"/> belong to the protocol; handlers and callers take theirs from there upward.</remarks>
public static class RawStreamErrorCodes
{
    /// <summary>Nothing is wrong. In STOP_SENDING: the receiver has all it needs. In CONNECTION_CLOSE: no stream was running.</summary>
    public const long NoError = 0x00;

    /// <summary>The handler failed. What it did before is unknown.</summary>
    public const long HandlerFailed = 0x01;

    /// <summary>The server has no route of that name. No handler ran.</summary>
    public const long UnknownRoute = 0x02;

    /// <summary>The header breaks the format. No handler ran.</summary>
    public const long MalformedHeader = 0x03;

    /// <summary>The header, its metadata or their number is over the receiver's limit. No handler ran.</summary>
    public const long HeaderTooLarge = 0x04;

    /// <summary>The header did not arrive in time. No handler ran.</summary>
    public const long HeaderTimeout = 0x05;

    /// <summary>The header holds a critical field that the receiver does not know. No handler ran.</summary>
    public const long UnsupportedField = 0x06;

    /// <summary>The deadline passed.</summary>
    public const long DeadlineExceeded = 0x07;

    /// <summary>The sender of the code no longer wants the stream.</summary>
    public const long Cancelled = 0x08;

    /// <summary>A limit of the server is reached. No handler ran: the stream may be opened again, best elsewhere or later.</summary>
    public const long Overloaded = 0x09;

    /// <summary>The server takes no new streams as it is about to end. No handler ran: the stream may be opened again elsewhere. As the code of a connection's close it says that every answer of a handler has arrived, and means the same for streams without one.</summary>
    public const long GoingAway = 0x0a;

    /// <summary>The server ended while the stream was running. What its handler did before is unknown.</summary>
    public const long ShuttingDown = 0x0b;

    /// <summary>A unidirectional stream, or one opened by the server, neither of which this version uses.</summary>
    public const long WrongDirection = 0x0c;

    /// <summary>The frames that carry streams over TCP make no sense. Only in CLOSE, over TCP; QUIC has codes of its own for that.</summary>
    public const long FramingError = 0x0d;

    /// <summary>In CONNECTION_CLOSE: the peer's certificate is no longer accepted. What handlers of its streams did before is unknown.</summary>
    public const long Untrusted = 0x0e;

    /// <summary>The server does not know who the caller is: it showed no credentials, or they are not accepted, or no longer. Before a handler ran, or in its middle.</summary>
    public const long Unauthenticated = 0x0f;

    /// <summary>The caller may not open streams of this route, whether or not there is such a route. No handler ran, or the right was taken away while one did.</summary>
    public const long PermissionDenied = 0x10;

    /// <summary>The first code that applications may use for their own purposes.</summary>
    public const long FirstApplicationCode = 0x100;

    /// <summary>The name of a code of the protocol.</summary>
    /// <param name="code">The code.</param>
    /// <returns>Its name, or <c>null</c> for a code that this version does not know.</returns>
    public static string? GetName(long code) => code switch
    {
        NoError => nameof(NoError),
        HandlerFailed => nameof(HandlerFailed),
        UnknownRoute => nameof(UnknownRoute),
        MalformedHeader => nameof(MalformedHeader),
        HeaderTooLarge => nameof(HeaderTooLarge),
        HeaderTimeout => nameof(HeaderTimeout),
        UnsupportedField => nameof(UnsupportedField),
        DeadlineExceeded => nameof(DeadlineExceeded),
        Cancelled => nameof(Cancelled),
        Overloaded => nameof(Overloaded),
        GoingAway => nameof(GoingAway),
        ShuttingDown => nameof(ShuttingDown),
        WrongDirection => nameof(WrongDirection),
        FramingError => nameof(FramingError),
        Untrusted => nameof(Untrusted),
        Unauthenticated => nameof(Unauthenticated),
        PermissionDenied => nameof(PermissionDenied),
        _ => null,
    };

    /// <summary>Whether a stream that ended with this code was never given to a handler, so that opening it again cannot do its work twice.</summary>
    /// <param name="code">The code with which the server reset the stream.</param>
    /// <returns>Whether nothing was processed; <c>false</c> for codes that this version does not know.</returns>
    public static bool MeansUnprocessed(long code) =>
        code is UnknownRoute or MalformedHeader or HeaderTooLarge or HeaderTimeout or UnsupportedField or Overloaded or GoingAway or WrongDirection;
}
