namespace Net.Security;

/// <summary>What an identity is used for, and so what its extended key usage must allow (RFC 5280, section 4.2.1.12).</summary>
public enum CertificateRole
{
    /// <summary>A server's or a client's: one of the two usages is enough.</summary>
    Either = 0,

    /// <summary>A server's: serverAuth, and at least one name that a client can connect to.</summary>
    Server = 1,

    /// <summary>A client's: clientAuth.</summary>
    Client = 2,

    /// <summary>A server's and a client's at once: both usages.</summary>
    Both = 3,
}
