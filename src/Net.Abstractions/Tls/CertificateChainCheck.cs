using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net;

/// <summary>Builds a presented chain against given roots and judges it. Pure: no cache, no network, no clock of its own.</summary>
internal static class CertificateChainCheck
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const int MinimumRsaBits = 2048;

    // Signatures whose hash no longer resists collisions: MD2, MD5, SHA-1 with RSA; SHA-1 with DSA and ECDSA.
    private static readonly string[] WeakSignatures =
        ["1.2.840.113549.1.1.2", "1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10040.4.3", "1.2.840.10045.4.1"];

    /// <summary>Judges a chain.</summary>
    /// <param name="context">The chain, not empty, and what is known of the handshake.</param>
    /// <param name="roots">The only trust anchors.</param>
    /// <param name="intermediates">Further authorities to build with.</param>
    /// <param name="rules">Further conditions on a chain that is good otherwise.</param>
    /// <param name="validUntil">On acceptance: when the first certificate of the built chain ends, or what a rule rests on.</param>
    /// <returns>The verdict.</returns>
    public static PeerCertificateVerdict Run(
        in PeerCertificateContext context,
        X509Certificate2Collection roots,
        X509Certificate2Collection intermediates,
        IReadOnlyList<ChainRule> rules,
        out DateTimeOffset validUntil)
    {
        validUntil = default;
        var presented = new List<X509Certificate2>(context.Chain.Count);
        try
        {
            for (int i = 0; i < context.Chain.Count; i++)
            {
                if (!TryLoad(context.Chain[i], out X509Certificate2? certificate, out string fault))
                {
                    return PeerCertificateVerdict.Refused(
                        CertificateRefusal.Malformed,
                        $"Certificate {i + 1} of {context.Chain.Count} that the peer sent cannot be read: {fault} The peer should send DER certificates, leaf first.");
                }

                presented.Add(certificate!);
            }

            return Judge(context, presented, roots, intermediates, rules, ref validUntil);
        }
        catch (CryptographicException exception)
        {
            // An extension that does not parse shows only when it is read.
            return PeerCertificateVerdict.Refused(
                CertificateRefusal.Malformed, $"The certificate chain of the peer cannot be judged: {exception.Message} Issue the certificate anew.");
        }
        finally
        {
            foreach (X509Certificate2 certificate in presented)
            {
                certificate.Dispose();
            }
        }
    }

    private static PeerCertificateVerdict Judge(
        in PeerCertificateContext context,
        List<X509Certificate2> presented,
        X509Certificate2Collection roots,
        X509Certificate2Collection intermediates,
        IReadOnlyList<ChainRule> rules,
        ref DateTimeOffset validUntil)
    {
        using var chain = new X509Chain();
        X509ChainPolicy policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(roots);
        policy.ExtraStore.AddRange(intermediates);
        for (int i = 1; i < presented.Count; i++)
        {
            policy.ExtraStore.Add(presented[i]);
        }

        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.VerificationTime = context.Now.UtcDateTime;
        policy.ApplicationPolicy.Add(new Oid(context.IsServerCertificate ? ServerAuthentication : ClientAuthentication));
        X509Certificate2 leaf = presented[0];
        bool isBuilt = chain.Build(leaf);
        try
        {
            // The order is that of usefulness: an expired certificate of an unknown authority is first of all of an unknown authority.
            PeerCertificateVerdict verdict = JudgeAuthority(chain, leaf);
            verdict = verdict.IsAccepted ? JudgeTime(chain, context.Now) : verdict;
            verdict = verdict.IsAccepted ? JudgeUsage(chain, leaf, context.IsServerCertificate) : verdict;
            verdict = verdict.IsAccepted ? JudgeStrength(chain) : verdict;
            verdict = verdict.IsAccepted && context.IsServerCertificate ? JudgeName(leaf, context.ServerName) : verdict;
            if (verdict.IsAccepted && !isBuilt)
            {
                verdict = PeerCertificateVerdict.Refused(CertificateRefusal.Malformed, $"The certificate '{CertificateText.Describe(leaf)}' was refused: {Statuses(chain)}");
            }

            if (verdict.IsAccepted)
            {
                validUntil = chain.ChainElements.Min(static element => NotAfter(element.Certificate));
                verdict = ApplyRules(chain, context, rules, ref validUntil);
            }

            return verdict;
        }
        finally
        {
            foreach (X509ChainElement element in chain.ChainElements)
            {
                element.Certificate.Dispose();
            }
        }
    }

    private static PeerCertificateVerdict ApplyRules(X509Chain chain, in PeerCertificateContext context, IReadOnlyList<ChainRule> rules, ref DateTimeOffset validUntil)
    {
        if (rules.Count == 0)
        {
            return PeerCertificateVerdict.Accepted;
        }

        X509Certificate2[] built = [.. chain.ChainElements.Select(static element => element.Certificate)];
        foreach (ChainRule rule in rules)
        {
            PeerCertificateVerdict verdict = rule.Judge(built, context, ref validUntil);
            if (!verdict.IsAccepted)
            {
                return verdict;
            }
        }

        return PeerCertificateVerdict.Accepted;
    }

    private static PeerCertificateVerdict JudgeAuthority(X509Chain chain, X509Certificate2 leaf)
    {
        X509ChainStatusFlags all = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, static (sum, status) => sum | status.Status);
        const X509ChainStatusFlags Signature = X509ChainStatusFlags.NotSignatureValid | X509ChainStatusFlags.Cyclic;
        const X509ChainStatusFlags Names = X509ChainStatusFlags.InvalidNameConstraints | X509ChainStatusFlags.HasExcludedNameConstraint
            | X509ChainStatusFlags.HasNotDefinedNameConstraint | X509ChainStatusFlags.HasNotPermittedNameConstraint | X509ChainStatusFlags.HasNotSupportedNameConstraint;
        const X509ChainStatusFlags Trust = X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain;

        string subject = CertificateText.Describe(leaf);
        string issuer = CertificateText.Clean(leaf.Issuer);
        if ((all & Signature) != 0)
        {
            return PeerCertificateVerdict.Refused(
                CertificateRefusal.Malformed,
                $"The chain of the certificate '{subject}', issued by '{issuer}', holds a signature that its issuer did not make: {Statuses(chain)} Check that the chain was sent whole and that no two authorities share a name.");
        }

        if ((all & Names) != 0)
        {
            return PeerCertificateVerdict.Refused(
                CertificateRefusal.UnknownAuthority,
                $"The certificate '{subject}' has a name that an authority above it may not issue (name constraints): {Statuses(chain)} Have it issued by an authority that may.");
        }

        if ((all & Trust) != 0 && leaf.SubjectName.RawData.AsSpan().SequenceEqual(leaf.IssuerName.RawData))
        {
            return PeerCertificateVerdict.Refused(
                CertificateRefusal.UnknownAuthority,
                $"The certificate '{subject}' is self-signed and no trusted root, so that nobody vouches for it: {Statuses(chain)} Have it issued by a trusted authority.");
        }

        if ((all & Trust) != 0)
        {
            return PeerCertificateVerdict.Refused(
                CertificateRefusal.UnknownAuthority,
                $"The certificate '{subject}', issued by '{issuer}', does not lead to a trusted root: {Statuses(chain)} Trust the root of that issuer, or have the peer send the missing intermediates.");
        }

        if ((all & X509ChainStatusFlags.InvalidBasicConstraints) != 0)
        {
            return PeerCertificateVerdict.Refused(
                CertificateRefusal.UnknownAuthority,
                $"The certificate '{subject}' was issued by one that is no authority, or in a longer chain than that allows (basic constraints): {Statuses(chain)} Have it issued by an authority.");
        }

        return PeerCertificateVerdict.Accepted;
    }

    private static PeerCertificateVerdict JudgeTime(X509Chain chain, DateTimeOffset now)
    {
        foreach (X509ChainElement element in chain.ChainElements)
        {
            X509Certificate2 certificate = element.Certificate;
            var notBefore = new DateTimeOffset(certificate.NotBefore.ToUniversalTime());
            if (now < notBefore)
            {
                return PeerCertificateVerdict.Refused(
                    CertificateRefusal.NotYetValid,
                    $"The certificate '{CertificateText.Describe(certificate)}' is valid only from {Text(notBefore)}, and it is {Text(now)}. Check the clocks of both sides, or wait.");
            }

            if (now >= NotAfter(certificate) || element.ChainElementStatus.Any(static status => status.Status == X509ChainStatusFlags.NotTimeValid))
            {
                return PeerCertificateVerdict.Refused(
                    CertificateRefusal.Expired,
                    $"The certificate '{CertificateText.Describe(certificate)}' was valid until {Text(NotAfter(certificate))}, and it is {Text(now)}. Renew it, and check the clocks of both sides.");
            }
        }

        return PeerCertificateVerdict.Accepted;
    }

    private static PeerCertificateVerdict JudgeUsage(X509Chain chain, X509Certificate2 leaf, bool isServer)
    {
        if (leaf.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is X509KeyUsageExtension usage
            && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature))
        {
            return PeerCertificateVerdict.Refused(
                CertificateRefusal.WrongUsage,
                $"The certificate '{CertificateText.Describe(leaf)}' has key usage {usage.KeyUsages}, which lacks digitalSignature. Issue it with that usage.");
        }

        foreach (X509ChainElement element in chain.ChainElements)
        {
            if (element.ChainElementStatus.Any(static status => status.Status is X509ChainStatusFlags.NotValidForUsage or X509ChainStatusFlags.InvalidExtension))
            {
                string role = isServer ? "serverAuth" : "clientAuth";
                return PeerCertificateVerdict.Refused(
                    CertificateRefusal.WrongUsage,
                    $"The certificate '{CertificateText.Describe(element.Certificate)}' does not allow {role}: {Statuses(chain)} Issue it with {role} in its extended key usage.");
            }
        }

        return PeerCertificateVerdict.Accepted;
    }

    private static PeerCertificateVerdict JudgeStrength(X509Chain chain)
    {
        for (int i = 0; i < chain.ChainElements.Count; i++)
        {
            X509Certificate2 certificate = chain.ChainElements[i].Certificate;
            string? fault = null;

            // Nothing rests on the signature of the root itself: it is trusted for being in the list.
            if (i < chain.ChainElements.Count - 1 && WeakSignatures.Contains(certificate.SignatureAlgorithm.Value))
            {
                fault = $"is signed with {certificate.SignatureAlgorithm.FriendlyName ?? certificate.SignatureAlgorithm.Value}, which can be forged. Issue it with SHA-256 or better.";
            }
            else if (certificate.GetRSAPublicKey() is RSA rsa)
            {
                using (rsa)
                {
                    fault = rsa.KeySize < MinimumRsaBits ? $"has an RSA key of {rsa.KeySize} bits. Issue it with a P-256 key, or RSA of {MinimumRsaBits} bits or more." : null;
                }
            }

            if (fault is not null)
            {
                return PeerCertificateVerdict.Refused(CertificateRefusal.Malformed, $"The certificate '{CertificateText.Describe(certificate)}' {fault}");
            }
        }

        return PeerCertificateVerdict.Accepted;
    }

    private static PeerCertificateVerdict JudgeName(X509Certificate2 leaf, string? serverName)
    {
        if (ServerNameMatch.IsMatch(leaf, serverName))
        {
            return PeerCertificateVerdict.Accepted;
        }

        if (!ServerNameMatch.HasNames(leaf))
        {
            return PeerCertificateVerdict.Refused(
                CertificateRefusal.NameMismatch,
                $"The certificate '{CertificateText.Describe(leaf)}' has no DNS name or address among its subject alternative names, and a common name never counts (RFC 9525), so that it is not for the server '{CertificateText.Clean(serverName)}'. Issue it with the name.");
        }

        string held = CertificateText.Clean(ServerNameMatch.DescribeNames(leaf));
        return PeerCertificateVerdict.Refused(
            CertificateRefusal.NameMismatch,
            $"The certificate '{CertificateText.Describe(leaf)}' is not for the server '{CertificateText.Clean(serverName)}'; its subject alternative names are: {held}. Connect by one of these, set ConnectOptions.ServerName, or issue it with the name.");
    }

    private static bool TryLoad(ReadOnlyMemory<byte> der, out X509Certificate2? certificate, out string fault)
    {
        certificate = null;
        fault = "";
        try
        {
            // The loader also takes PEM and leaves bytes behind the certificate unread; a peer has to send exactly one DER sequence.
            AsnDecoder.ReadSequence(der.Span, AsnEncodingRules.DER, out _, out _, out int consumed);
            if (consumed != der.Length)
            {
                fault = $"{der.Length - consumed} bytes follow it.";
                return false;
            }

            certificate = X509CertificateLoader.LoadCertificate(der.Span);
            return true;
        }
        catch (Exception exception) when (exception is CryptographicException or AsnContentException)
        {
            fault = exception.Message;
            return false;
        }
    }

    private static DateTimeOffset NotAfter(X509Certificate2 certificate) => new(certificate.NotAfter.ToUniversalTime());

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Statuses(X509Chain chain) =>
        string.Join(" ", chain.ChainStatus.Select(static status => $"{status.Status}: {CertificateText.Clean(status.StatusInformation.Trim().TrimEnd('.'))}."));
}
