using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

// Packets that belong to no connection yet.
internal static unsafe partial class Ngtcp2Native
{
    /// <summary>Reads version and ids of a datagram's first packet. The ids point into <paramref name="data"/>. NGTCP2_ERR_VERSION_NEGOTIATION asks
    /// for a Version Negotiation packet.</summary>
    // int ngtcp2_pkt_decode_version_cid(ngtcp2_version_cid *dest, const uint8_t *data, size_t datalen, size_t short_dcidlen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_pkt_decode_version_cid(ngtcp2_version_cid* dest, byte* data, nuint datalen, nuint short_dcidlen);

    /// <summary>Reads a long header up to the packet number. Returns its length or an error.</summary>
    // ngtcp2_ssize ngtcp2_pkt_decode_hd_long(ngtcp2_pkt_hd *dest, const uint8_t *pkt, size_t pktlen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial nint ngtcp2_pkt_decode_hd_long(ngtcp2_pkt_hd* dest, byte* pkt, nuint pktlen);

    /// <summary>Reads a short header up to the packet number. Returns its length or an error.</summary>
    // ngtcp2_ssize ngtcp2_pkt_decode_hd_short(ngtcp2_pkt_hd *dest, const uint8_t *pkt, size_t pktlen, size_t dcidlen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial nint ngtcp2_pkt_decode_hd_short(ngtcp2_pkt_hd* dest, byte* pkt, nuint pktlen, nuint dcidlen);

    /// <summary>Whether a datagram can open a server connection: 0, or an error to drop it. It must be the first of a connection.</summary>
    // int ngtcp2_accept(ngtcp2_pkt_hd *dest, const uint8_t *pkt, size_t pktlen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial int ngtcp2_accept(ngtcp2_pkt_hd* dest, byte* pkt, nuint pktlen);

    /// <summary>Writes a Stateless Reset (RFC 9000 section 10.3). <paramref name="rand"/> has at least NGTCP2_MIN_STATELESS_RESET_RANDLEN
    /// bytes.</summary>
    // ngtcp2_ssize ngtcp2_pkt_write_stateless_reset(uint8_t *dest, size_t destlen, const uint8_t *stateless_reset_token, const uint8_t *rand,
    // size_t randlen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial nint ngtcp2_pkt_write_stateless_reset(
        byte* dest, nuint destlen, byte* stateless_reset_token, byte* rand, nuint randlen);

    /// <summary>Writes a Version Negotiation packet: <paramref name="dcid"/> is the peer's source id, <paramref name="scid"/> its destination
    /// id.</summary>
    // ngtcp2_ssize ngtcp2_pkt_write_version_negotiation(uint8_t *dest, size_t destlen, uint8_t unused_random, const uint8_t *dcid, size_t dcidlen,
    // const uint8_t *scid, size_t scidlen, const uint32_t *sv, size_t nsv);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial nint ngtcp2_pkt_write_version_negotiation(
        byte* dest, nuint destlen, byte unused_random, byte* dcid, nuint dcidlen, byte* scid, nuint scidlen, uint* sv, nuint nsv);

    /// <summary>Not 0 for QUIC v1 and v2.</summary>
    // int ngtcp2_is_supported_version(uint32_t version);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial int ngtcp2_is_supported_version(uint version);

    /// <summary>Not 0 for a version that only asks for version negotiation (0x?a?a?a?a).</summary>
    // int ngtcp2_is_reserved_version(uint32_t version);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    [SuppressGCTransition]
    internal static partial int ngtcp2_is_reserved_version(uint version);

    /// <summary>The first preferred version that is offered too, or 0.</summary>
    // uint32_t ngtcp2_select_version(const uint32_t *preferred_versions, size_t preferred_versionslen, const uint32_t *offered_versions, size_t
    // offered_versionslen);
    [LibraryImport(NativeLibraryNames.Ngtcp2)]
    internal static partial uint ngtcp2_select_version(
        uint* preferred_versions, nuint preferred_versionslen, uint* offered_versions, nuint offered_versionslen);
}
