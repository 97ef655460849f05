using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Net.MsQuic.Internal;

/// <summary>A refusal of the peer's certificate by this side.</summary>
/// <param name="Reason">What was wrong, for this side.</param>
/// <param name="Alert">The TLS alert that stands for it. System.Net.Quic sends one of its own choice: bad_certificate from a server, user_canceled from a client.</param>
internal sealed record CertificateRejection(string Reason, byte Alert)
{
    /// <summary>The end of the handshake that it brings about.</summary>
    /// <param name="nativeError">The native status that came of it.</param>
    /// <returns>The meaning.</returns>
    internal ErrorMeaning ToMeaning(int nativeError) =>
        new(TransportError.CertificateRejected, CloseInitiator.Local, null, MsQuicStatus.CryptoErrorBase + Alert, nativeError, Reason);
}

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
    private volatile CertificateRejection? _rejection;

    /// <summary>The peer's chain, DER, leaf first; empty when it showed none.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>> Chain => _chain;

    /// <summary>Why the certificate was refused; <c>null</c> when it was not.</summary>
    internal CertificateRejection? Rejection => _rejection;

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

            _rejection = Judge();
        }
        catch (Exception exception)
        {
            // A policy that fails must not let anybody in, and what it threw must not be lost.
            PolicyFailure = exception;
            _rejection = new CertificateRejection(
                $"the certificate policy failed with {exception.GetType().Name}: {exception.Message}", PeerCertificateVerdict.Refused(CertificateRefusal.Malformed, "").Alert);
        }

        return _rejection is null;
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

    private CertificateRejection? Judge()
    {
        if (_chain.Count == 0 && mode != ClientCertificateMode.Required)
        {
            return null;
        }

        if (_chain.Count == 0)
        {
            return Reject(PeerCertificateVerdict.Refused(CertificateRefusal.Missing, $"the {(isServerCertificate ? "server" : "client")} sent no certificate, and one is required"));
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
        return verdict.IsAccepted ? null : Reject(verdict);
    }

    private static CertificateRejection Reject(PeerCertificateVerdict verdict) => new($"{verdict.Detail} ({verdict.Refusal})", verdict.Alert);
}
