using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Net.Chaos.Proxy;

/// <summary>A host and a port as people write them: <c>name:port</c>, <c>1.2.3.4:port</c>, <c>[::1]:port</c>, <c>:port</c> for every address.</summary>
internal readonly record struct HostPort(string Host, int Port)
{
    internal static bool TryParse(string? text, out HostPort parsed)
    {
        parsed = default;
        int colon = text?.LastIndexOf(':') ?? -1;
        if (colon < 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port > 65535)
        {
            return false;
        }

        string host = text![..colon];
        bool isBracketed = host.Length > 2 && host[0] == '[' && host[^1] == ']';
        if (host.Contains(':', StringComparison.Ordinal) && !isBracketed)
        {
            return false;
        }

        parsed = new HostPort(isBracketed ? host[1..^1] : host, port);
        return !isBracketed || IPAddress.TryParse(parsed.Host, out _);
    }

    /// <summary>Finds the address; IPv4 first where a name has both.</summary>
    /// <exception cref="ChaosException">The text is no host and port, or the name does not resolve.</exception>
    internal static async Task<IPEndPoint> ResolveAsync(string text, CancellationToken cancellationToken)
    {
        if (!TryParse(text, out HostPort parsed))
        {
            throw new ChaosException(ChaosError.BadRequest, $"address '{text}' is not host:port, such as 127.0.0.1:4433");
        }

        if (parsed.Host.Length == 0)
        {
            return new IPEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, parsed.Port);
        }

        if (IPAddress.TryParse(parsed.Host, out IPAddress? address))
        {
            return new IPEndPoint(address, parsed.Port);
        }

        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(parsed.Host, cancellationToken).ConfigureAwait(false);
            return new IPEndPoint(addresses.MinBy(static a => a.AddressFamily == AddressFamily.InterNetwork ? 0 : 1) ?? throw new SocketException((int)SocketError.HostNotFound), parsed.Port);
        }
        catch (SocketException exception)
        {
            throw new ChaosException(ChaosError.Failed, $"lookup {parsed.Host}: {exception.Message}", exception);
        }
    }
}
