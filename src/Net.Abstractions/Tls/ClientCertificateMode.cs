namespace Net;

/// <summary>What a server asks of its clients.</summary>
public enum ClientCertificateMode
{
    /// <summary>No certificate is asked for.</summary>
    None = 0,

    /// <summary>One is asked for; a client without one is let in, one with a bad one is not.</summary>
    Optional = 1,

    /// <summary>A client without an accepted certificate is refused.</summary>
    Required = 2,
}
