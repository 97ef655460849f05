using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Hosting.Certificates;

/// <summary>What <c>net certs renew</c> was told.</summary>
/// <param name="CertificatePath">The certificate.</param>
/// <param name="KeyPath">Where its new key goes.</param>
/// <param name="AuthorityPath">The authority's certificate.</param>
/// <param name="AuthorityKeyPath">The authority's key.</param>
/// <param name="Days">How long the new certificate holds.</param>
internal sealed record RenewalOptions(string CertificatePath, string KeyPath, string AuthorityPath, string AuthorityKeyPath, int Days);

/// <summary><c>net certs renew</c>: a new certificate with a new key, for the same subject, names and usage, by a development authority. Intermediates above that authority are kept.</summary>
internal sealed class CertificateRenewal(HostContext context, RenewalOptions options)
{
    private const string SubjectKey = "2.5.29.14";
    private const string AuthorityKey = "2.5.29.35";

    // Clocks of other machines may be behind.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    internal async Task<int> RunAsync()
    {
        try
        {
            using X509Certificate2 authority = LoadAuthority();
            using X509Certificate2 old = X509CertificateLoader.LoadCertificateFromFile(options.CertificatePath);
            DateTimeOffset now = context.TimeProvider.GetUtcNow();
            DateTimeOffset notAfter = now.AddDays(options.Days);
            if (notAfter > authority.NotAfter.ToUniversalTime())
            {
                throw new HostException(ExitCodes.Certificate, $"The authority '{options.AuthorityPath}' ends before a certificate of {options.Days} days would; give fewer --days, or renew the authority (certs/make-certs.sh --force-ca).");
            }

            using AsymmetricAlgorithm key = NewKey(old);
            using X509Certificate2 renewed = Sign(old, key, authority, now - ClockSkew, notAfter);
            string chain = MakeChain(renewed, authority);

            // The key first, as certs/make-certs.sh does: a server that watches both waits until they fit.
            Replace(options.KeyPath, key.ExportPkcs8PrivateKeyPem() + "\n", isSecret: true);
            Replace(options.CertificatePath, chain, isSecret: false);
            await context.Output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"Renewed: '{options.CertificatePath}', serial {renewed.SerialNumber}, valid until {notAfter:yyyy-MM-dd}. A running `net serve` takes it by itself.")).ConfigureAwait(false);
            return ExitCodes.Ok;
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new HostException(ExitCodes.Certificate, $"'{options.CertificatePath}' cannot be renewed: {exception.Message}", exception);
        }
    }

    private X509Certificate2 LoadAuthority()
    {
        CertificateFiles.Demand(options.CertificatePath, "--cert", "certificate");
        CertificateFiles.Demand(options.AuthorityPath, "--ca", "authority");
        CertificateFiles.Demand(options.AuthorityKeyPath, "--ca-key", "authority's private key");
        return X509Certificate2.CreateFromPemFile(options.AuthorityPath, options.AuthorityKeyPath);
    }

    private static AsymmetricAlgorithm NewKey(X509Certificate2 old)
    {
        using RSA? rsa = old.GetRSAPublicKey();
        if (rsa is not null)
        {
            return RSA.Create(rsa.KeySize);
        }

        using ECDsa? ecdsa = old.GetECDsaPublicKey();
        return ecdsa is null ? throw new CryptographicException("its key is neither ECDSA nor RSA.") : ECDsa.Create(ecdsa.ExportParameters(includePrivateParameters: false).Curve);
    }

    private static X509Certificate2 Sign(X509Certificate2 old, AsymmetricAlgorithm key, X509Certificate2 authority, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        CertificateRequest request = key is RSA rsa
            ? new CertificateRequest(old.SubjectName, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(old.SubjectName, (ECDsa)key, HashAlgorithmName.SHA256);
        foreach (X509Extension extension in old.Extensions.Where(static extension => extension.Oid?.Value is not (SubjectKey or AuthorityKey)))
        {
            request.CertificateExtensions.Add(extension);
        }

        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));

        // Positive, and as long as RFC 5280, section 4.1.2.2 allows for what is random in it.
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = 0x01;
        DateTimeOffset from = notBefore < authority.NotBefore.ToUniversalTime() ? authority.NotBefore.ToUniversalTime() : notBefore;
        using RSA? authorityRsa = authority.GetRSAPrivateKey();
        if (authorityRsa is not null)
        {
            return request.Create(authority.SubjectName, X509SignatureGenerator.CreateForRSA(authorityRsa, RSASignaturePadding.Pkcs1), from, notAfter, serial);
        }

        using ECDsa? authorityEcdsa = authority.GetECDsaPrivateKey();
        return authorityEcdsa is null
            ? throw new CryptographicException("the authority's key is neither ECDSA nor RSA.")
            : request.Create(authority.SubjectName, X509SignatureGenerator.CreateForECDsa(authorityEcdsa), from, notAfter, serial);
    }

    // Peers may know the root alone: they need each authority between it and the leaf. Of those in the old file the ones above the new issuer stay, in their order;
    // a server would refuse a file with any other behind it.
    private string MakeChain(X509Certificate2 renewed, X509Certificate2 authority)
    {
        X509Certificate2Collection before = [];
        before.ImportFromPemFile(options.CertificatePath);
        try
        {
            List<X509Certificate2> chain = [renewed];
            if (!IsSelfIssued(authority))
            {
                chain.Add(authority);
                foreach (X509Certificate2 above in before.Skip(1).Where(other => !other.RawDataMemory.Span.SequenceEqual(authority.RawDataMemory.Span)))
                {
                    X509Certificate2 below = chain[^1];
                    if (!IsSelfIssued(below) && above.SubjectName.RawData.AsSpan().SequenceEqual(below.IssuerName.RawData))
                    {
                        chain.Add(above);
                    }
                }
            }

            return string.Concat(chain.Select(static certificate => certificate.ExportCertificatePem() + "\n"));
        }
        finally
        {
            foreach (X509Certificate2 certificate in before)
            {
                certificate.Dispose();
            }
        }
    }

    private static bool IsSelfIssued(X509Certificate2 certificate) => certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    // Written beside its place and moved there, so that a reader has the old file or the whole new one.
    private static void Replace(string path, string text, bool isSecret)
    {
        string temporary = path + ".new";
        File.Delete(temporary);
        var how = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            how.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | (isSecret ? 0 : UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        using (var writer = new StreamWriter(temporary, how))
        {
            writer.Write(text);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
