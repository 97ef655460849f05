using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Running;

/// <summary>Authorities of the run's own, and certificates for its hosts and clients, as PEM files that only the user can read.</summary>
internal sealed class RunCertificates : IDisposable
{
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";
    private readonly string _directory;
    private readonly DateTimeOffset _now;
    private readonly List<X509Certificate2> _trusted = [];
    private X509Certificate2? _removed;
    private readonly List<byte[]> _revoked = [];
    private int _listNumber;

    internal RunCertificates(string directory, TimeProvider timeProvider)
    {
        _directory = directory;
        _now = timeProvider.GetUtcNow();
        Handshakes = new HandshakeLog(timeProvider);
        OwnerFiles.CreateDirectory(directory);
        AddAuthority();
    }

    /// <summary>The file with the authorities that everybody trusts.</summary>
    internal string Authority => Path.Combine(_directory, "ca.pem");

    /// <summary>The list of what the newest authority revoked, PEM.</summary>
    internal string RevocationList => Path.Combine(_directory, "crl.pem");

    /// <summary>What handshakes show of the certificates.</summary>
    internal HandshakeLog Handshakes { get; }

    /// <summary>Held by who changes files: one change is not to be mixed with another.</summary>
    internal SemaphoreSlim Turn { get; } = new(1);

    /// <summary>When certificates were last renewed, everybody showing the new ones; <c>null</c>: never.</summary>
    internal long? RenewedAt { get; set; }

    /// <summary>Whether an authority was taken out of the trust.</summary>
    internal bool HasRemoved => _removed is not null;

    internal string ServerCertificate(string host) => Path.Combine(_directory, host + ".pem");

    internal string ServerKey(string host) => Path.Combine(_directory, host + "-key.pem");

    internal string ClientCertificate(string client) => ServerCertificate(client);

    internal string ClientKey(string client) => ServerKey(client);

    /// <summary>Makes a new certificate and key of the newest authority for a host or a client, and puts both in place of the old ones, each whole.</summary>
    /// <param name="name">Whose.</param>
    /// <param name="isServer">Whether it serves.</param>
    /// <returns>Its serial number in hexadecimal.</returns>
    internal string Issue(string name, bool isServer)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = Sign(_trusted[^1], name, isServer, key, _now.AddDays(1));
        Handshakes.Place(name, certificate.SerialNumber);
        Write(name + "-key.pem", key.ExportPkcs8PrivateKeyPem());
        Write(name + ".pem", certificate.ExportCertificatePem());
        return certificate.SerialNumber;
    }

    /// <summary>Puts a pair in place that cannot be used, as a rotation that went wrong does.</summary>
    /// <returns>Its serial number in hexadecimal; nobody may ever see it.</returns>
    internal string IssueBad(string name, bool isServer, BadPair kind)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = Sign(_trusted[^1], name, isServer, key, kind == BadPair.Expired ? _now.AddHours(-1) : _now.AddDays(1));
        Handshakes.PlaceBad(certificate.SerialNumber);
        if (kind != BadPair.Mismatched)
        {
            Write(name + "-key.pem", key.ExportPkcs8PrivateKeyPem());
        }

        string text = certificate.ExportCertificatePem();
        Write(name + ".pem", kind == BadPair.Truncated ? text[..(text.Length / 2)] : text);
        return certificate.SerialNumber;
    }

    /// <summary>Makes another authority, which everybody is to trust beside those before; it signs what is issued from now on.</summary>
    internal void AddAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=net-chaos run {_trusted.Count + (HasRemoved ? 2 : 1)}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _trusted.Add(request.CreateSelfSigned(_now.AddDays(-1), _now.AddDays(2)));
        WriteTrust();
        WriteRevocationList();
    }

    /// <summary>Takes the oldest authority out of the trust.</summary>
    /// <exception cref="RunException">It is the only one.</exception>
    internal void RemoveAuthority()
    {
        if (_trusted.Count == 1)
        {
            throw new RunException("The only authority cannot be removed; 'add-authority' comes first.");
        }

        _removed?.Dispose();
        _removed = _trusted[0];
        _trusted.RemoveAt(0);
        WriteTrust();
    }

    /// <summary>Revokes the certificate that lies in a name's file now.</summary>
    internal void Revoke(string name)
    {
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificateFromFile(ServerCertificate(name));
        _revoked.Add(certificate.SerialNumberBytes.ToArray());
        WriteRevocationList();
    }

    /// <summary>An identity that is in nobody's files.</summary>
    /// <param name="isServer">Whether it serves.</param>
    /// <param name="isOfRemoved">Whether the authority that was removed signed it, else the newest.</param>
    internal TlsIdentity MakeStranger(bool isServer, bool isOfRemoved)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = Sign(isOfRemoved ? _removed! : _trusted[^1], "stranger", isServer, key, _now.AddDays(1));
        return new TlsIdentity(certificate.CopyWithPrivateKey(key));
    }

    public void Dispose()
    {
        foreach (X509Certificate2 authority in _trusted)
        {
            authority.Dispose();
        }

        _removed?.Dispose();
        Turn.Dispose();
    }

    private X509Certificate2 Sign(X509Certificate2 authority, string name, bool isServer, ECDsa key, DateTimeOffset notAfter)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(isServer ? "localhost" : name);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(isServer ? ServerUsage : ClientUsage)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        Span<byte> serial = stackalloc byte[16];
        RandomNumberGenerator.Fill(serial);

        // A serial number is positive and as short as it can be (RFC 5280, section 4.1.2.2).
        serial[0] = (byte)((serial[0] & 0x3f) | 0x40);
        return request.Create(authority, notAfter > _now ? _now.AddMinutes(-5) : notAfter.AddHours(-1), notAfter, serial);
    }

    private void WriteTrust() => Write("ca.pem", string.Join('\n', _trusted.Select(static a => a.ExportCertificatePem())));

    private void WriteRevocationList()
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (byte[] serial in _revoked)
        {
            builder.AddEntry(serial, _now);
        }

        byte[] list = builder.Build(_trusted[^1], ++_listNumber, _now.AddDays(2), HashAlgorithmName.SHA256, thisUpdate: _now.AddMinutes(-1));
        Write("crl.pem", PemEncoding.WriteString("X509 CRL", list));
    }

    private void Write(string name, string text) => OwnerFiles.Write(Path.Combine(_directory, name), text);
}
