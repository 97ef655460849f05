using System.Globalization;
using Net.Chaos.Proxy;

namespace Net.Chaos.Quic;

/// <summary>Answers clients with a forged Version Negotiation packet, which must not end a connection that lists or has used its version (RFC 9000 section 6.2).</summary>
internal sealed class VersionNegotiationStage(Toxic toxic) : ForgeryStage(toxic)
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "version_negotiation",
        "Injects a forged Version Negotiation packet.",
        [
            ToxicAttribute.Text("versions", "hexadecimal, with commas between; own: the client's version, too, for which the packet must be ignored", "own,1a2a3a4a"),
            .. SharedAttributes,
        ],
        static toxic => new VersionNegotiationStage(toxic),
        static _ => true,
        static a => a.Text("versions").Split(',').All(static v => v == "own" || IsVersion(v))
            ? null
            : $"versions is '{a.Text("versions")}'; it must be hexadecimal numbers of up to 8 digits, or own, with commas between");

    private readonly string[] _versions = toxic.Attributes.Text("versions").Split(',');

    private protected override byte[] Forge(in QuicPacketView initial)
    {
        uint own = initial.Version;
        uint[] versions = [.. _versions.Select(v => v == "own" ? own : uint.Parse(v, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))];
        return ForgedPackets.VersionNegotiation(initial, versions);
    }

    private static bool IsVersion(string text) => uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _);
}
