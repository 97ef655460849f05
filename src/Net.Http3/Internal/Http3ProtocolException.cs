namespace Net.Http3;

/// <summary>The server broke HTTP/3. It stays inside this assembly: the exchange turns it into what users know.</summary>
internal sealed class Http3ProtocolException : Exception
{
    private Http3ProtocolException(Http3ErrorCode code, string message, bool endsConnection)
        : base(message)
    {
        Code = code;
        EndsConnection = endsConnection;
    }

    /// <summary>The code to end the stream or connection with.</summary>
    internal Http3ErrorCode Code { get; }

    /// <summary>Whether the whole connection must end.</summary>
    internal bool EndsConnection { get; }

    /// <summary>What kind of failure users are told.</summary>
    internal HttpRequestError Error { get; private init; } = HttpRequestError.HttpProtocolError;

    /// <summary>A violation after which nothing on the connection can be trusted.</summary>
    internal static Http3ProtocolException ForConnection(Http3ErrorCode code, string message) => new(code, message, endsConnection: true);

    /// <summary>A violation within one stream.</summary>
    internal static Http3ProtocolException ForStream(Http3ErrorCode code, string message, HttpRequestError error = HttpRequestError.HttpProtocolError) =>
        new(code, message, endsConnection: false) { Error = error };
}
