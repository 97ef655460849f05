namespace Net.Chaos.Proxy;

/// <summary>What a request of the proxies' owner failed of. The values are the status codes of the HTTP API.</summary>
public enum ChaosError
{
    /// <summary>The request makes no sense: a missing field, an attribute out of range, an unknown type.</summary>
    BadRequest = 400,

    /// <summary>There is no such proxy or toxic.</summary>
    NotFound = 404,

    /// <summary>The name is taken.</summary>
    AlreadyExists = 409,

    /// <summary>The system refused: the port is taken, the name does not resolve, and so on.</summary>
    Failed = 500,
}
