using System.Runtime.CompilerServices;

namespace Net.Ngtcp2.Interop;

/// <summary>Room for the longest connection id.</summary>
// uint8_t data[NGTCP2_MAX_CIDLEN];
[InlineArray(Ngtcp2Native.NGTCP2_MAX_CIDLEN)]
internal struct ConnectionIdBytes
{
    private byte _element;
}
