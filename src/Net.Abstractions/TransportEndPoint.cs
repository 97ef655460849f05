using System.Globalization;
using System.Net;

namespace Net;

/// <summary>A place that can be connected to, as a user names it.</summary>
/// <param name="Host">DNS name or IP address text, without brackets.</param>
/// <param name="Port">1 to 65535.</param>
public sealed record TransportEndPoint(string Host, int Port)
{
    /// <summary>The name that the certificate must hold; <c>null</c> (the default): <see cref="Host"/>.</summary>
    public string? ServerName { get; init; }

    /// <summary>Share of the traffic in weighted balancing, relative to the others. Default 1; range 1 to 1,000.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Reads <c>https://host[:443]</c>, <c>host:port</c>, <c>[v6]:port</c>.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The end point.</returns>
    /// <exception cref="FormatException">It is none of these; the message says what is wrong.</exception>
    public static TransportEndPoint Parse(string text)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        string source = text.Contains("://", StringComparison.Ordinal) ? text : "https://" + text;
        if (!Uri.TryCreate(source, UriKind.Absolute, out Uri? uri) || uri.Host.Length == 0)
        {
            throw new FormatException($"'{text}' is no end point; write https://host:port, host:port or [address]:port.");
        }

        if (uri.Scheme != Uri.UriSchemeHttps)
        {
            throw new FormatException($"'{text}' has scheme '{uri.Scheme}'; only https is served, as QUIC is always encrypted.");
        }

        if (uri.Port is < 1 or > 65535 || uri.PathAndQuery is not ("/" or "") || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
        {
            throw new FormatException($"'{text}' must hold a host and a port of 1 to 65535, but no user, path, query or fragment.");
        }

        // The ASCII form of the name, which resolvers, SNI and certificates use; without the brackets of an IPv6 address.
        return new TransportEndPoint(uri.IdnHost, uri.Port);
    }

    /// <summary>The end point for a socket.</summary>
    /// <returns>An <see cref="IPEndPoint"/> when the host is an address, else a <see cref="DnsEndPoint"/>.</returns>
    public EndPoint ToEndPoint() => IPAddress.TryParse(Host, out IPAddress? address) ? new IPEndPoint(address, Port) : new DnsEndPoint(Host, Port);

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}
