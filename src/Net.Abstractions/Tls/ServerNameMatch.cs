using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Net;

/// <summary>Compares the name that a client connects to with the subject alternative names of a certificate (RFC 9525, section 6).</summary>
internal static class ServerNameMatch
{
    private const string SubjectAlternativeName = "2.5.29.17";

    public static bool IsMatch(X509Certificate2 certificate, string? serverName)
    {
        if (string.IsNullOrEmpty(serverName))
        {
            // Without a name there is nothing that would tie the certificate to the peer.
            return false;
        }

        if (IPAddress.TryParse(serverName, out IPAddress? address))
        {
            return certificate.MatchesHostname(Normalize(address).ToString(), allowWildcards: false, allowCommonName: false);
        }

        try
        {
            return certificate.MatchesHostname(ToAsciiName(serverName), allowWildcards: true, allowCommonName: false);
        }
        catch (ArgumentException)
        {
            // Not a name that a certificate could hold.
            return false;
        }
    }

    /// <summary>Whether a certificate has a name that a server could be known by.</summary>
    public static bool HasNames(X509Certificate2 certificate) => Names(certificate).Any();

    public static string DescribeNames(X509Certificate2 certificate) => string.Join(", ", Names(certificate).Take(8));

    private static IEnumerable<string> Names(X509Certificate2 certificate)
    {
        X509Extension? extension = certificate.Extensions.FirstOrDefault(static e => e.Oid?.Value == SubjectAlternativeName);
        if (extension is null)
        {
            return [];
        }

        var names = new X509SubjectAlternativeNameExtension(extension.RawData, extension.Critical);
        return names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(static a => a.ToString()));
    }

    // A certificate knows neither the zone of a link-local address nor the IPv6 form of an IPv4 address.
    private static IPAddress Normalize(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 && address.ScopeId != 0 ? new IPAddress(address.GetAddressBytes())
        : address;

    // Certificates hold internationalised names as A-labels (RFC 9525, section 2.3).
    private static string ToAsciiName(string name) =>
        System.Text.Ascii.IsValid(name) ? name : new IdnMapping { UseStd3AsciiRules = true }.GetAscii(name);
}
