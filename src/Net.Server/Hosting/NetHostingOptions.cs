using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Net.Server;

/// <summary>Where and as whom a host serves: HTTP/3 and raw streams on UDP, HTTP/1.1 and HTTP/2 on TCP at the same ports. Read once, when the host is built.</summary>
public sealed class NetHostingOptions
{
    /// <summary>Addresses and ports, each bound on UDP and TCP. Default: <c>[::]:443</c>, which takes IPv4, too. None: the end points come from Kestrel's own configuration.</summary>
    /// <remarks>Port 0 is for <see cref="HttpProtocols.Http3"/> alone: Kestrel cannot give TCP and UDP the same unknown port.</remarks>
    public IList<IPEndPoint> EndPoints { get; } = [new IPEndPoint(IPAddress.IPv6Any, 443)];

    /// <summary>The versions of HTTP that are served. Default <see cref="HttpProtocols.Http1AndHttp2AndHttp3"/>; HTTP/3 is left out when no QUIC engine runs here.</summary>
    public HttpProtocols Protocols { get; set; } = HttpProtocols.Http1AndHttp2AndHttp3;

    /// <summary>The server's certificate. Set this or <see cref="Tls"/>, unless <see cref="EndPoints"/> is empty.</summary>
    public TlsIdentity? Identity { get; set; }

    /// <summary>Whether clients show a certificate, with <see cref="Identity"/>. Default <see cref="ClientCertificateMode.None"/>.</summary>
    public ClientCertificateMode ClientCertificateMode { get; set; }

    /// <summary>Judges client certificates, on TCP as on UDP, with <see cref="Identity"/>. Needed unless the mode is <see cref="ClientCertificateMode.None"/>.</summary>
    public PeerCertificatePolicy? ClientCertificatePolicy { get; set; }

    /// <summary>
    /// Chooses the TLS options of each handshake, on TCP as on UDP, in place of <see cref="Identity"/>: the hook for certificates that rotate. Keep and reuse the same
    /// <see cref="ServerTlsOptions"/> while it is current.
    /// </summary>
    public ServerTlsSelector? Tls { get; set; }

    /// <summary>
    /// Ends connections whose client is no longer trusted, on TCP as on UDP, such as the guard of Net.Security's CertificateSource. <c>null</c> (the default): a client is judged by its
    /// handshake alone. Stays the caller's.
    /// </summary>
    public ConnectionGuard? ConnectionGuard { get; set; }

    /// <summary>The QUIC side.</summary>
    public NetTransportOptions Transport { get; } = new();

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(NetHostingOptions));
        if (Tls is not null && Identity is not null)
        {
            faults.Add(nameof(Tls), $"is set, and so is {nameof(Identity)}; set one of the two.");
        }

        if (EndPoints.Count > 0 && Tls is null && Identity is null)
        {
            faults.Add(nameof(Identity), $"is null; a server needs a certificate. Set it or {nameof(Tls)}.");
        }

        if (ClientCertificateMode != ClientCertificateMode.None && Tls is not null)
        {
            faults.Add(nameof(ClientCertificateMode), $"is {ClientCertificateMode}, and {nameof(Tls)} is set; say it in what {nameof(Tls)} returns.");
        }

        if (ClientCertificateMode != ClientCertificateMode.None && ClientCertificatePolicy is null)
        {
            faults.Add(nameof(ClientCertificatePolicy), $"is null; mode {ClientCertificateMode} needs a policy that judges client certificates, such as CertificateTrust.");
        }

        if (Protocols != HttpProtocols.Http3 && EndPoints.Any(static endPoint => endPoint.Port == 0))
        {
            faults.Add(nameof(EndPoints), $"holds port 0, which only {HttpProtocols.Http3} alone can have; name a port.");
        }

        faults.ThrowIfAny();
        Transport.Validate();
    }

    /// <summary>The one source of TLS options for both transports; <c>null</c> when the end points have their own.</summary>
    internal ServerTlsSelector? CreateSelector()
    {
        if (Identity is null)
        {
            return Tls;
        }

        var tls = new ServerTlsOptions { Identity = Identity, ClientCertificateMode = ClientCertificateMode, ClientCertificatePolicy = ClientCertificatePolicy };
        tls.Validate();
        return (in ClientHello _) => tls;
    }
}
