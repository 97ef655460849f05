using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Net.IntegrationTests.Setup;

namespace Net.IntegrationTests.Interop;

/// <summary>Certificates that both ends can read: those of certs/make-certs.sh, those of an authority that nobody trusts, and faulty ones.</summary>
internal sealed class InteropCertificates : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private readonly MadeCertificates _made = new();
    private readonly MadeCertificates _strangers = new();

    private InteropCertificates()
    {
    }

    /// <summary>The trust that accepts what the authority signed.</summary>
    public CertificateTrust Trust => CertificateTrust.FromPemFile(_made.PathOf("ca.pem"));

    /// <summary>A trust that accepts none of it.</summary>
    public CertificateTrust StrangersTrust => CertificateTrust.FromPemFile(_strangers.PathOf("ca.pem"));

    public static async Task<InteropCertificates> MakeAsync()
    {
        var certificates = new InteropCertificates();
        await certificates._made.MakeAsync();
        await certificates._strangers.MakeAsync();
        certificates.Sign("expired", ClientAuthentication, DateTimeOffset.UtcNow.AddDays(-1));
        certificates.Sign("wrong-usage", ServerAuthentication, DateTimeOffset.UtcNow.AddDays(1));
        return certificates;
    }

    /// <summary>Path of a certificate: ca, server, client, expired, wrong-usage, or with the prefix stranger/ the same of the other authority.</summary>
    public string PathOf(string name) => OwnerOf(ref name).PathOf($"{name}.pem");

    /// <summary>Path of its private key.</summary>
    public string KeyPathOf(string name) => OwnerOf(ref name).PathOf($"{name}-key.pem");

    public TlsIdentity Identity(string name) => TlsIdentity.FromPemFiles(PathOf(name), KeyPathOf(name));

    /// <summary>SHA-256 of a certificate, as the peers print it.</summary>
    public string Fingerprint(string name)
    {
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificateFromFile(PathOf(name));
        return certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();
    }

    public void Dispose()
    {
        _made.Dispose();
        _strangers.Dispose();
    }

    private MadeCertificates OwnerOf(ref string name)
    {
        const string prefix = "stranger/";
        if (!name.StartsWith(prefix, StringComparison.Ordinal))
        {
            return _made;
        }

        name = name[prefix.Length..];
        return _strangers;
    }

    private void Sign(string name, string usage, DateTimeOffset notAfter)
    {
        using X509Certificate2 authority = _made.ReadWithKey("ca");
        using ECDsa authorityKey = authority.GetECDsaPrivateKey()!;
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        using X509Certificate2 certificate = request.Create(
            authority.SubjectName, X509SignatureGenerator.CreateForECDsa(authorityKey), notAfter.AddDays(-10), notAfter, [1, (byte)name.Length, 3, 4]);
        File.WriteAllText(_made.PathOf($"{name}.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(_made.PathOf($"{name}-key.pem"), key.ExportPkcs8PrivateKeyPem());
    }
}
