using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Server.Kestrel;

/// <summary>Judges client certificates as SslStream does: builds the chain, then asks the callback of the options, if there is one.</summary>
/// <remarks>It fetches nothing from a network, as it runs on the thread that serves all connections: missing intermediates must come with the handshake or stand in the chain policy.</remarks>
/// <param name="callback">The application's word, or <c>null</c>: only a valid chain is accepted.</param>
/// <param name="chainPolicy">How chains are built, or <c>null</c> for the machine's trust.</param>
/// <param name="revocation">How revocation is checked where <paramref name="chainPolicy"/> does not say.</param>
internal sealed class CallbackCertificatePolicy(RemoteCertificateValidationCallback? callback, X509ChainPolicy? chainPolicy, X509RevocationMode revocation) : PeerCertificatePolicy
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>Whether a client without a certificate is let in. Asked once, as it does not depend on the client.</summary>
    internal bool AcceptsNone()
    {
        if (callback is null)
        {
            return false;
        }

        try
        {
            return callback(this, null, null, SslPolicyErrors.RemoteCertificateNotAvailable);
        }
#pragma warning disable CA1031 // A callback that cannot do without a certificate does not accept its absence.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context)
    {
        if (context.Chain.Count == 0)
        {
            return AcceptsNone()
                ? PeerCertificateVerdict.Accepted
                : PeerCertificateVerdict.Refused(CertificateRefusal.Missing, "The client sent no certificate, and the end point's ClientCertificateMode requires one.");
        }

        X509Certificate2 leaf;
        try
        {
            leaf = X509CertificateLoader.LoadCertificate(context.Chain[0].Span);
        }
        catch (CryptographicException exception)
        {
            return PeerCertificateVerdict.Refused(CertificateRefusal.Malformed, exception.Message);
        }

        // The callback may keep both beyond the call, as those of SslStream may; they are left to the collector.
        var chain = new X509Chain { ChainPolicy = CreatePolicy(context) };
        bool isValid = chain.Build(leaf);
        SslPolicyErrors errors = isValid ? SslPolicyErrors.None : SslPolicyErrors.RemoteCertificateChainErrors;
        bool isAccepted = callback is null ? isValid : callback(this, leaf, chain, errors);
        return isAccepted ? PeerCertificateVerdict.Accepted
            : isValid ? PeerCertificateVerdict.Refused(CertificateRefusal.NotAllowed, $"The end point's client certificate callback refuses '{leaf.Subject}'.")
            : PeerCertificateVerdict.Refused(Refusal(chain), $"'{leaf.Subject}': {string.Join(" ", chain.ChainStatus.Select(static status => status.StatusInformation.Trim()))}");
    }

    private X509ChainPolicy CreatePolicy(in PeerCertificateContext context)
    {
        X509ChainPolicy policy = chainPolicy?.Clone() ?? new X509ChainPolicy { RevocationMode = revocation, VerificationTime = context.Now.LocalDateTime };
        if (chainPolicy is null)
        {
            policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        }

        policy.DisableCertificateDownloads = true;
        for (int i = 1; i < context.Chain.Count; i++)
        {
            policy.ExtraStore.Add(X509CertificateLoader.LoadCertificate(context.Chain[i].Span));
        }

        return policy;
    }

    private static CertificateRefusal Refusal(X509Chain chain)
    {
        X509ChainStatusFlags flags = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, static (all, status) => all | status.Status);
        return flags.HasFlag(X509ChainStatusFlags.Revoked) ? CertificateRefusal.Revoked
            : flags.HasFlag(X509ChainStatusFlags.NotTimeValid) ? CertificateRefusal.Expired
            : (flags & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0 ? CertificateRefusal.UnknownAuthority
            : flags.HasFlag(X509ChainStatusFlags.NotValidForUsage) ? CertificateRefusal.WrongUsage
            : CertificateRefusal.Malformed;
    }
}
