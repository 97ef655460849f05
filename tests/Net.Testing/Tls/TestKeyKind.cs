namespace Net.Testing;

/// <summary>The kind of key in test certificates.</summary>
public enum TestKeyKind
{
    /// <summary>ECDSA on P-256: quick to make.</summary>
    P256 = 0,

    /// <summary>RSA with 2048 bits.</summary>
    Rsa2048 = 1,

    /// <summary>ECDSA on P-384.</summary>
    P384 = 2,
}
