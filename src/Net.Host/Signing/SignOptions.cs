using Net.Hosting.Echoing;
using Net.Protocol.Crypto;

namespace Net.Hosting.Signing;

/// <summary>What <c>net sign</c> was told.</summary>
internal sealed record SignOptions
{
    internal required EchoTarget Target { get; init; }

    internal required PayloadSource Payload { get; init; }

    internal required SignatureAlgorithm Algorithm { get; init; }

    /// <summary>Where the signature is written as bytes; <c>null</c>: nowhere.</summary>
    internal string? SignaturePath { get; init; }

    /// <summary>Where the public key is written as PEM; <c>null</c>: nowhere.</summary>
    internal string? PublicKeyPath { get; init; }

    internal required bool Json { get; init; }
}
