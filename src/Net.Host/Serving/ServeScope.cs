using System.Net;
using Microsoft.Extensions.Logging;
using Net.Security;

namespace Net.Hosting.Serving;

/// <summary>What the parts of one run of <c>net serve</c> share.</summary>
/// <param name="Context">Terminal, clock and engines.</param>
/// <param name="Options">What the command was told.</param>
/// <param name="Certificates">Certificate, key and trust, watched.</param>
/// <param name="Engine">The QUIC engine, or <c>null</c> when none runs here.</param>
/// <param name="MissingEngine">Why none runs and what to install; <c>null</c> when one does.</param>
/// <param name="Services">The gRPC services.</param>
/// <param name="Activity">What the server does.</param>
/// <param name="LoggerFactory">The log.</param>
/// <param name="Access">Who may do what; <c>null</c>: whoever the handshake lets in, all.</param>
internal sealed record ServeScope(
    HostContext Context, ServeOptions Options, CertificateSource Certificates, TransportEngine? Engine, string? MissingEngine, ServeServices Services, ServeActivity Activity, ILoggerFactory LoggerFactory, AccessGate? Access = null)
{
    /// <summary>Writes down what is done to the server; <c>null</c>: nobody does.</summary>
    internal Access.ServeAccess? Audit { get; init; }

    /// <summary>Notes calls that are executed; <c>null</c>: nobody does.</summary>
    internal CallLedger? Ledger { get; init; }

    /// <summary>The secret of stateless resets; <c>null</c>: the engine makes one.</summary>
    internal byte[]? ResetKey { get; init; }

    /// <summary>Certificate and policy now, of the next handshake.</summary>
    internal ServerTlsOptions Tls => Certificates.ServerSelector(new ClientHello(null, new IPEndPoint(IPAddress.IPv6Loopback, 0)))!;

    /// <summary>What is spoken on UDP.</summary>
    internal IReadOnlyList<string> UdpProtocols => Engine is null ? [] : ["h3", RawStreamProtocol.ApplicationProtocol];

    /// <summary>What is spoken on TCP, with or without a QUIC engine.</summary>
    internal static IReadOnlyList<string> TcpProtocols { get; } = ["h2", "http/1.1", RawStreamProtocol.ApplicationProtocol];
}
