using System.Runtime.CompilerServices;

namespace Net.Ngtcp2.Interop;

/// <summary>The 16 bytes of a stateless reset token (RFC 9000 section 10.3).</summary>
// uint8_t stateless_reset_token[NGTCP2_STATELESS_RESET_TOKENLEN];
[InlineArray(Ngtcp2Native.NGTCP2_STATELESS_RESET_TOKENLEN)]
internal struct StatelessResetToken
{
    private byte _element;
}
