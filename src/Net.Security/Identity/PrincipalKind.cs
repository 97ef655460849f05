namespace Net.Security;

/// <summary>What a caller proved who it is with.</summary>
public enum PrincipalKind
{
    /// <summary>With nothing: the caller is unknown and taken as such.</summary>
    Anonymous = 0,

    /// <summary>With the certificate of its connection.</summary>
    Certificate = 1,

    /// <summary>With a signed token (JWT, RFC 7519).</summary>
    Token = 2,

    /// <summary>With an API key.</summary>
    ApiKey = 3,
}
