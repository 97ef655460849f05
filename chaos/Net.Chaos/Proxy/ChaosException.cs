namespace Net.Chaos.Proxy;

/// <summary>A request to the proxies that could not be done. Nothing was changed by it unless the message says so.</summary>
public sealed class ChaosException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="error">What kind of failure.</param>
    /// <param name="message">What the API answers as <c>error</c>.</param>
    /// <param name="inner">What the system said.</param>
    public ChaosException(ChaosError error, string message, Exception? inner = null)
        : base(message, inner) => Error = error;

    /// <summary>What kind of failure; its number is the status code of the API.</summary>
    public ChaosError Error { get; }

    // The words are toxiproxy's, because clients compare them.
    internal static ChaosException BadBody(string detail) => new(ChaosError.BadRequest, "bad request body: " + detail);

    internal static ChaosException MissingField(string field) => new(ChaosError.BadRequest, "missing required field: " + field);

    internal static ChaosException InvalidStream() => new(ChaosError.BadRequest, "stream was invalid, can be either upstream or downstream");

    internal static ChaosException InvalidToxicType(string detail = "") => new(ChaosError.BadRequest, "invalid toxic type" + detail);

    internal static ChaosException ProxyNotFound() => new(ChaosError.NotFound, "proxy not found");

    internal static ChaosException ProxyExists() => new(ChaosError.AlreadyExists, "proxy already exists");

    internal static ChaosException ToxicNotFound() => new(ChaosError.NotFound, "toxic not found");

    internal static ChaosException ToxicExists() => new(ChaosError.AlreadyExists, "toxic already exists");
}
