namespace Net.Hosting.Signing;

/// <summary>What <c>net sign --json</c> prints.</summary>
internal sealed record SignReport
{
    public required string EndPoint { get; init; }

    public required string Via { get; init; }

    public required string Algorithm { get; init; }

    public required int Bytes { get; init; }

    /// <summary>Base64.</summary>
    public required string Signature { get; init; }

    /// <summary>PEM, SubjectPublicKeyInfo.</summary>
    public required string PublicKey { get; init; }

    /// <summary>Whether the signature verifies with the key, here and now.</summary>
    public required bool IsVerified { get; init; }

    public required double Milliseconds { get; init; }
}
