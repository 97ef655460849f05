using System.CommandLine;
using System.Net;
using System.Net.Sockets;

namespace Net.Hosting.CommandLine;

/// <summary>What <c>--admin</c> says. It wraps the address, as an option's value is never <c>null</c>.</summary>
/// <param name="EndPoint">Where health and metrics are served; <c>null</c>: nowhere.</param>
internal sealed record AdminChoice(IPEndPoint? EndPoint)
{
    private static readonly AdminChoice None = new(EndPoint: null);

    internal static Option<AdminChoice> MakeOption() => new("--admin")
    {
        Description = "Where health and metrics are served, over plain HTTP: an address and a port, or none.",
        DefaultValueFactory = static _ => new AdminChoice(new IPEndPoint(IPAddress.Loopback, 9090)),
        HelpName = "ADDRESS:PORT|none",
        CustomParser = static result =>
        {
            string text = result.Tokens[0].Value;
            if (text == "none")
            {
                return None;
            }

            // TryParse takes an address without a port, and a number alone for an address; the last group of an IPv6 address is no port.
            if (IPEndPoint.TryParse(text, out IPEndPoint? parsed)
                && text.EndsWith(parsed.AddressFamily == AddressFamily.InterNetworkV6 ? $"]:{parsed.Port}" : $":{parsed.Port}", StringComparison.Ordinal))
            {
                return new AdminChoice(parsed);
            }

            result.AddError($"--admin is '{text}'; write an address and a port, such as 127.0.0.1:9090 or [::1]:9090, or none.");
            return None;
        },
    };

    public override string ToString() => EndPoint?.ToString() ?? "none";
}
