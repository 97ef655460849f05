using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Chaos.Running;

/// <summary>An authority of the run's own, and certificates for its hosts and clients, as PEM files that only the user can read.</summary>
internal sealed class RunCertificates : IDisposable
{
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";
    private readonly string _directory;
    private readonly X509Certificate2 _authority;
    private readonly DateTimeOffset _now;

    internal RunCertificates(string directory, TimeProvider timeProvider)
    {
        _directory = directory;
        _now = timeProvider.GetUtcNow();
        OwnerFiles.CreateDirectory(directory);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=net-chaos run", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(_now.AddMinutes(-5), _now.AddDays(2));
        Write("ca.pem", _authority.ExportCertificatePem());
    }

    /// <summary>The authority's certificate.</summary>
    internal string Authority => Path.Combine(_directory, "ca.pem");

    internal string ServerCertificate(string host) => Path.Combine(_directory, host + ".pem");

    internal string ServerKey(string host) => Path.Combine(_directory, host + "-key.pem");

    internal string ClientCertificate(string client) => ServerCertificate(client);

    internal string ClientKey(string client) => ServerKey(client);

    /// <summary>Makes a new certificate and key for a host or a client, and puts both in place of the old ones, each whole.</summary>
    /// <param name="name">Whose.</param>
    /// <param name="isServer">Whether it serves.</param>
    /// <returns>Its serial number in hexadecimal.</returns>
    internal string Issue(string name, bool isServer)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = Sign(name, isServer, key);
        Write(name + "-key.pem", key.ExportPkcs8PrivateKeyPem());
        Write(name + ".pem", certificate.ExportCertificatePem());
        return certificate.SerialNumber;
    }

    /// <summary>Puts a certificate in place that does not fit to its key, as a rotation that went wrong does.</summary>
    /// <returns>Its serial number in hexadecimal; nobody may ever see it.</returns>
    internal string IssueBroken(string name, bool isServer)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = Sign(name, isServer, key);
        Write(name + ".pem", certificate.ExportCertificatePem());
        return certificate.SerialNumber;
    }

    public void Dispose() => _authority.Dispose();

    private X509Certificate2 Sign(string name, bool isServer, ECDsa key)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(isServer ? "localhost" : name);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(isServer ? ServerUsage : ClientUsage)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, true, false));
        Span<byte> serial = stackalloc byte[16];
        RandomNumberGenerator.Fill(serial);

        // A serial number is positive and as short as it can be (RFC 5280, section 4.1.2.2).
        serial[0] = (byte)((serial[0] & 0x3f) | 0x40);
        return request.Create(_authority, _now.AddMinutes(-5), _now.AddDays(1), serial);
    }

    private void Write(string name, string text) => OwnerFiles.Write(Path.Combine(_directory, name), text);
}
