using Net.Chaos.Proxy;

namespace Net.Chaos.Quic;

/// <summary>Answers clients with a forged Retry packet, which must be ignored when its tag is wrong or when the server has answered (RFC 9000 section 17.2.5.2).</summary>
internal sealed class RetryStage(Toxic toxic) : ForgeryStage(toxic)
{
    internal static readonly ToxicType Type = ToxicType.ForPackets(
        "retry_injection",
        "Injects a forged Retry packet.",
        [
            ToxicAttribute.Flag("valid", "whether the integrity tag is right; with when=client such a packet ends the attempt, as the attacker on the path it stands for can"),
            ToxicAttribute.Whole("token", "bytes of the forged token", 64, min: 1, max: 1024),
            .. SharedAttributes,
        ],
        static toxic => new RetryStage(toxic),
        static _ => true);

    private readonly bool _isValid = toxic.Attributes.Flag("valid");
    private readonly int _tokenBytes = (int)toxic.Attributes.Whole("token");

    private protected override byte[] Forge(in QuicPacketView initial)
    {
        Span<byte> id = stackalloc byte[8];
        byte[] token = new byte[_tokenBytes];
        Context.Random.NextBytes(id);
        Context.Random.NextBytes(token);
        return ForgedPackets.Retry(initial, id, token, _isValid);
    }
}
