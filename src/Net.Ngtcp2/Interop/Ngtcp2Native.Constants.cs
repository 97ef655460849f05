namespace Net.Ngtcp2.Interop;

internal static unsafe partial class Ngtcp2Native
{
    // Struct versions this file's layouts belong to; a newer library still takes them.
    internal const int NGTCP2_CALLBACKS_VERSION = 1;
    internal const int NGTCP2_SETTINGS_VERSION = 2;
    internal const int NGTCP2_TRANSPORT_PARAMS_VERSION = 1;
    internal const int NGTCP2_CONN_INFO_VERSION = 1;
    internal const int NGTCP2_PKT_INFO_VERSION = 1;

    // Units of ngtcp2_tstamp and ngtcp2_duration.
    internal const ulong NGTCP2_SECONDS = 1000000000;
    internal const ulong NGTCP2_MILLISECONDS = 1000000;
    internal const ulong NGTCP2_MICROSECONDS = 1000;
    internal const ulong NGTCP2_NANOSECONDS = 1;

    // QUIC versions (RFC 9000, RFC 9369).
    internal const uint NGTCP2_PROTO_VER_V1 = 0x00000001;
    internal const uint NGTCP2_PROTO_VER_V2 = 0x6b3343cf;
    internal const uint NGTCP2_RESERVED_VERSION_MASK = 0x0a0a0a0a;

    // Sizes and limits.
    internal const int NGTCP2_MAX_UDP_PAYLOAD_SIZE = 1200;
    internal const int NGTCP2_MAX_PMTUD_UDP_PAYLOAD_SIZE = 1452;
    internal const int NGTCP2_STATELESS_RESET_TOKENLEN = 16;
    internal const int NGTCP2_MIN_STATELESS_RESET_RANDLEN = 5;
    internal const int NGTCP2_PATH_CHALLENGE_DATALEN = 8;
    internal const int NGTCP2_MAX_CIDLEN = 20;
    internal const int NGTCP2_MIN_CIDLEN = 1;
    internal const int NGTCP2_MIN_INITIAL_DCIDLEN = 8;
    internal const int NGTCP2_DEFAULT_MAX_RECV_UDP_PAYLOAD_SIZE = 65527;
    internal const int NGTCP2_DEFAULT_ACK_DELAY_EXPONENT = 3;
    internal const int NGTCP2_DEFAULT_ACTIVE_CONNECTION_ID_LIMIT = 2;
    internal const int NGTCP2_TLSEXT_QUIC_TRANSPORT_PARAMETERS_V1 = 0x39;
    internal const ulong NGTCP2_MAX_VARINT = (1UL << 62) - 1;
    internal const ulong NGTCP2_DEFAULT_INITIAL_RTT = 333 * NGTCP2_MILLISECONDS;
    internal const ulong NGTCP2_DEFAULT_MAX_ACK_DELAY = 25 * NGTCP2_MILLISECONDS;

    // Address tokens of the crypto library.
    internal const int NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2 = 90;
    internal const int NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN = 41;
    internal const byte NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2 = 0xb7;
    internal const byte NGTCP2_CRYPTO_TOKEN_MAGIC_REGULAR = 0x36;

    // ECN codepoints of the IP header (RFC 3168).
    internal const byte NGTCP2_ECN_NOT_ECT = 0x0;
    internal const byte NGTCP2_ECN_ECT_1 = 0x1;
    internal const byte NGTCP2_ECN_ECT_0 = 0x2;
    internal const byte NGTCP2_ECN_CE = 0x3;
    internal const byte NGTCP2_ECN_MASK = 0x3;

    // Flags of packet headers.
    internal const byte NGTCP2_PKT_FLAG_NONE = 0x00;
    internal const byte NGTCP2_PKT_FLAG_LONG_FORM = 0x01;
    internal const byte NGTCP2_PKT_FLAG_FIXED_BIT_CLEAR = 0x02;
    internal const byte NGTCP2_PKT_FLAG_KEY_PHASE = 0x04;

    // Flags of writes.
    internal const uint NGTCP2_WRITE_STREAM_FLAG_NONE = 0x00;
    internal const uint NGTCP2_WRITE_STREAM_FLAG_MORE = 0x01;
    internal const uint NGTCP2_WRITE_STREAM_FLAG_FIN = 0x02;
    internal const uint NGTCP2_WRITE_DATAGRAM_FLAG_NONE = 0x00;
    internal const uint NGTCP2_WRITE_DATAGRAM_FLAG_MORE = 0x01;

    // Flags that callbacks receive.
    internal const uint NGTCP2_QLOG_WRITE_FLAG_NONE = 0x00;
    internal const uint NGTCP2_QLOG_WRITE_FLAG_FIN = 0x01;
    internal const uint NGTCP2_STREAM_DATA_FLAG_NONE = 0x00;
    internal const uint NGTCP2_STREAM_DATA_FLAG_FIN = 0x01;
    internal const uint NGTCP2_STREAM_DATA_FLAG_0RTT = 0x02;
    internal const uint NGTCP2_STREAM_CLOSE_FLAG_NONE = 0x00;
    internal const uint NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET = 0x01;
    internal const uint NGTCP2_PATH_VALIDATION_FLAG_NONE = 0x00;
    internal const uint NGTCP2_PATH_VALIDATION_FLAG_PREFERRED_ADDR = 0x01;
    internal const uint NGTCP2_PATH_VALIDATION_FLAG_NEW_TOKEN = 0x02;
    internal const uint NGTCP2_DATAGRAM_FLAG_NONE = 0x00;
    internal const uint NGTCP2_DATAGRAM_FLAG_0RTT = 0x01;

    // Transport error codes (RFC 9000 section 20.1); a TLS alert is added to NGTCP2_CRYPTO_ERROR.
    internal const ulong NGTCP2_NO_ERROR = 0x0;
    internal const ulong NGTCP2_INTERNAL_ERROR = 0x1;
    internal const ulong NGTCP2_CONNECTION_REFUSED = 0x2;
    internal const ulong NGTCP2_FLOW_CONTROL_ERROR = 0x3;
    internal const ulong NGTCP2_STREAM_LIMIT_ERROR = 0x4;
    internal const ulong NGTCP2_STREAM_STATE_ERROR = 0x5;
    internal const ulong NGTCP2_FINAL_SIZE_ERROR = 0x6;
    internal const ulong NGTCP2_FRAME_ENCODING_ERROR = 0x7;
    internal const ulong NGTCP2_TRANSPORT_PARAMETER_ERROR = 0x8;
    internal const ulong NGTCP2_CONNECTION_ID_LIMIT_ERROR = 0x9;
    internal const ulong NGTCP2_PROTOCOL_VIOLATION = 0xa;
    internal const ulong NGTCP2_INVALID_TOKEN = 0xb;
    internal const ulong NGTCP2_APPLICATION_ERROR = 0xc;
    internal const ulong NGTCP2_CRYPTO_BUFFER_EXCEEDED = 0xd;
    internal const ulong NGTCP2_KEY_UPDATE_ERROR = 0xe;
    internal const ulong NGTCP2_AEAD_LIMIT_REACHED = 0xf;
    internal const ulong NGTCP2_NO_VIABLE_PATH = 0x10;
    internal const ulong NGTCP2_CRYPTO_ERROR = 0x100;
    internal const ulong NGTCP2_VERSION_NEGOTIATION_ERROR = 0x11;
}
