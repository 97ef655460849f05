using System.Security.Cryptography.X509Certificates;
using Net.UnitTests.Abstractions.Tls;

namespace Net.UnitTests.Ngtcp2.Driver.Simulation;

/// <summary>Certificates for simulated hosts, valid by the simulated wall clock; made once.</summary>
internal static class SimulatedIdentities
{
    internal const string ServerName = "server.test";

    private static readonly TestAuthority Root = TestAuthority.CreateRoot();
    private static readonly Lazy<TlsIdentity> ServerLazy = Issue(new CertificateShape { DnsNames = [ServerName] });
    private static readonly Lazy<TlsIdentity> EvenServerLazy = Issue(new CertificateShape { DnsNames = [ServerName], RsaBits = 2048 });
    private static readonly Lazy<TlsIdentity> LargeServerLazy =
        Issue(new CertificateShape { DnsNames = [ServerName, .. Enumerable.Range(0, 200).Select(static i => $"one-more-name-{i}.{ServerName}")] });

    private static readonly Lazy<TlsIdentity> ClientLazy = Issue(new CertificateShape { Subject = "CN=client" });
    private static readonly Lazy<ServerTlsOptions> ServerTlsLazy = new(static () => new ServerTlsOptions { Identity = Server });

    /// <summary>A server whose flight fits into what it may send to an address that is not validated.</summary>
    internal static TlsIdentity Server => ServerLazy.Value;

    /// <summary>A server whose signatures always have the same length, so that a run repeats to the byte.</summary>
    internal static TlsIdentity EvenServer => EvenServerLazy.Value;

    /// <summary>A server whose certificate alone is larger than three full datagrams.</summary>
    internal static TlsIdentity LargeServer => LargeServerLazy.Value;

    internal static TlsIdentity Client => ClientLazy.Value;

    internal static CertificateTrust Trust { get; } = new([Root.Certificate]);

    /// <summary>The server's side: no client certificates, tickets, no early data.</summary>
    internal static ServerTlsOptions ServerTls => ServerTlsLazy.Value;

    /// <summary>The client's side: no certificate, no tickets.</summary>
    internal static ClientTlsOptions ClientTls { get; } = new() { ServerCertificatePolicy = Trust };

    private static Lazy<TlsIdentity> Issue(CertificateShape shape) => new(() => new TlsIdentity(Root.Issue(shape).WithKey()));
}
