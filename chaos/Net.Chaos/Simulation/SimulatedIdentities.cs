using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Chaos.Simulation;

/// <summary>Certificates of simulated hosts and clients, valid around <see cref="SimulationClock.Origin"/>; made once. With RSA, as its signatures have one length.</summary>
internal static class SimulatedIdentities
{
    private static readonly Lazy<(X509Certificate2 Authority, TlsIdentity Server, TlsIdentity Client)> Made = new(Make);
    private static readonly PeerCertificatePolicy AcceptsAll = new AcceptAll();
    private static readonly Lazy<CertificateTrust> Trust = new(static () => new CertificateTrust([Made.Value.Authority]));
    private static readonly ConcurrentDictionary<long, ClientTlsOptions> Clients = new();

    /// <summary>What the hosts of one run show, which ask for the clients' certificate. They resume each other's sessions and take early data.</summary>
    /// <param name="random">Where the key of the tickets comes from.</param>
    internal static ServerTlsOptions Server(Random random)
    {
        byte[] key = new byte[64];
        random.NextBytes(key);
        return new ServerTlsOptions
        {
            Identity = Made.Value.Server,
            ClientCertificateMode = ClientCertificateMode.Required,
            ClientCertificatePolicy = Trust.Value,
            TicketKey = key,
            AllowEarlyData = true,
        };
    }

    /// <summary>A client over an engine that shows no certificates.</summary>
    internal static ClientTlsOptions Client(long generation) => new() { ServerCertificatePolicy = AcceptsAll };

    /// <summary>A client that shows its certificate and judges the host's. One for each generation, for all runs, as engines keep what they make of it.</summary>
    internal static ClientTlsOptions MutualClient(long generation) => Clients.GetOrAdd(generation, static generation => new ClientTlsOptions
    {
        Identity = new TlsIdentity(Made.Value.Client.Certificate, generation: generation),
        ServerCertificatePolicy = Trust.Value,
    });

    private static (X509Certificate2 Authority, TlsIdentity Server, TlsIdentity Client) Make()
    {
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest("CN=simulation", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        X509Certificate2 authority = request.CreateSelfSigned(SimulationClock.Origin.AddDays(-1), SimulationClock.Origin.AddDays(30));
        return (authority, Issue(authority, SimulatedCluster.ServerName, "1.3.6.1.5.5.7.3.1"), Issue(authority, "client.sim", "1.3.6.1.5.5.7.3.2"));
    }

    private static TlsIdentity Issue(X509Certificate2 authority, string name, string usage)
    {
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        using X509Certificate2 certificate = request.Create(authority, SimulationClock.Origin.AddDays(-1), SimulationClock.Origin.AddDays(30), serial);
        return new TlsIdentity(certificate.CopyWithPrivateKey(key));
    }

    private sealed class AcceptAll : PeerCertificatePolicy
    {
        public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context) => PeerCertificateVerdict.Accepted;
    }
}
