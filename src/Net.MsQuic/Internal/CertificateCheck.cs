using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Net.MsQuic.Internal;

/// <summary>Hands the peer's chain of one handshake to the policy, and keeps what came of it.</summary>
/// <param name="policy">Judges the chain; <c>null</c> only where no certificate is asked for.</param>
/// <param name="mode">What a server asks of its clients; <see cref="ClientCertificateMode.Required"/> on a client, whose server always shows a certificate.</param>
/// <param name="isServerCertificate">Whether the peer is the server.</param>
/// <param name="serverName">The name the client connects to or asked for.</param>
/// <param name="timeProvider">The wall clock.</param>
internal sealed class CertificateCheck(
    PeerCertificatePolicy? policy, ClientCertificateMode mode, bool isServerCertificate, string? serverName, TimeProvider timeProvider)
{
    // Written on the thread of the handshake before it ends, read after.
    private volatile IReadOnlyList<ReadOnlyMemory<byte>> _chain = [];
    private volatile string? _refusal;

    /// <summary>The peer's chain, DER, leaf first; empty when it showed none.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>> Chain => _chain;

    /// <summary>Why the certificate was refused, for this side; <c>null</c> when it was not.</summary>
    internal string? Refusal => _refusal;

    /// <summary>What the policy threw, when it did.</summary>
    internal Exception? PolicyFailure { get; private set; }

    /// <summary>
    /// A chain policy that makes the platform's own look at the chain as cheap as can be: its verdict is not asked for, but System.Net.Quic always takes it,
    /// and without this it would load the machine's roots, and may fetch missing certificates over the network.
    /// </summary>
    /// <returns>A new policy.</returns>
    internal static X509ChainPolicy CreateChainPolicy() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
        VerificationFlags = X509VerificationFlags.AllFlags,
    };

    /// <summary>Judges the peer. The signature is that of <see cref="RemoteCertificateValidationCallback"/>.</summary>
    /// <param name="sender">The connection.</param>
    /// <param name="certificate">The leaf, or <c>null</c>.</param>
    /// <param name="platformChain">The platform's chain; what the peer sent beside the leaf is in its extra store.</param>
    /// <param name="platformErrors">The platform's opinion, which does not count.</param>
    /// <returns>Whether the handshake may go on.</returns>
    internal bool Validate(object sender, X509Certificate? certificate, X509Chain? platformChain, SslPolicyErrors platformErrors)
    {
        try
        {
            if (certificate is X509Certificate2 leaf)
            {
                _chain = PeerChain.Order(leaf, CollectOthers(platformChain));
            }

            _refusal = Judge();
        }
        catch (Exception exception)
        {
            // A policy that fails must not let anybody in, and what it threw must not be lost.
            PolicyFailure = exception;
            _refusal = $"the certificate policy failed with {exception.GetType().Name}: {exception.Message}";
        }

        return _refusal is null;
    }

    private static IEnumerable<X509Certificate2> CollectOthers(X509Chain? platformChain)
    {
        if (platformChain is null)
        {
            return [];
        }

        // With Schannel the certificates hang on the leaf's own store instead, from which the platform builds its chain.
        return platformChain.ChainPolicy.ExtraStore.Count > 0
            ? platformChain.ChainPolicy.ExtraStore
            : platformChain.ChainElements.Select(element => element.Certificate);
    }

    private string? Judge()
    {
        if (_chain.Count == 0 && mode != ClientCertificateMode.Required)
        {
            return null;
        }

        if (_chain.Count == 0)
        {
            return $"{(isServerCertificate ? "the server" : "the client")} showed no certificate, and one is required ({CertificateRefusal.Missing})";
        }

        if (policy is null)
        {
            return null;
        }

        PeerCertificateVerdict verdict = policy.Evaluate(new PeerCertificateContext
        {
            Chain = _chain,
            IsServerCertificate = isServerCertificate,
            ServerName = serverName,
            Now = timeProvider.GetUtcNow(),
        });
        return verdict.IsAccepted ? null : $"{verdict.Detail ?? "the certificate was refused"} ({verdict.Refusal})";
    }
}
