namespace Net.Security;

/// <summary>What a revocation list is worth after its nextUpdate.</summary>
public enum ExpiredListRule
{
    /// <summary>Fail closed: no certificate of its issuer is accepted in a handshake until a newer list is there. Connections that are open go on. The default.</summary>
    Refuse = 0,

    /// <summary>Fail open: it still names what is revoked, and other certificates are accepted; a warning is logged each day.</summary>
    Keep = 1,
}
