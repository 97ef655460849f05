using System.Globalization;
using System.Net;
using System.Text;

namespace Net.Ngtcp2.Tls;

/// <summary>The server name as TLS carries it.</summary>
internal static class TlsServerName
{
    /// <summary>Longest DNS name in text (RFC 1035, section 2.3.4).</summary>
    private const int MaxLength = 253;

    /// <summary>The name for SNI.</summary>
    /// <param name="name">What the application connects to.</param>
    /// <returns>
    /// The name in ASCII and without the final dot (RFC 6066, section 3); <c>null</c> when none is sent, as for an IP address, which SNI cannot carry.
    /// </returns>
    public static string? ForExtension(string name)
    {
        if (name.Length == 0 || IPAddress.TryParse(name, out _))
        {
            return null;
        }

        string ascii = name;
        if (!Ascii.IsValid(name))
        {
            try
            {
                ascii = new IdnMapping().GetAscii(name);
            }
            catch (ArgumentException)
            {
                return null;
            }
        }

        ascii = ascii.TrimEnd('.');
        return ascii.Length is > 0 and <= MaxLength ? ascii : null;
    }
}
