namespace Net.Ngtcp2.Interop;

internal static unsafe partial class Ngtcp2Native
{
    // Results below zero of ngtcp2 functions.
    internal const int NGTCP2_ERR_INVALID_ARGUMENT = -201;
    internal const int NGTCP2_ERR_NOBUF = -202;
    internal const int NGTCP2_ERR_PROTO = -203;
    internal const int NGTCP2_ERR_INVALID_STATE = -204;
    internal const int NGTCP2_ERR_ACK_FRAME = -205;
    internal const int NGTCP2_ERR_STREAM_ID_BLOCKED = -206;
    internal const int NGTCP2_ERR_STREAM_IN_USE = -207;
    internal const int NGTCP2_ERR_STREAM_DATA_BLOCKED = -208;
    internal const int NGTCP2_ERR_FLOW_CONTROL = -209;
    internal const int NGTCP2_ERR_CONNECTION_ID_LIMIT = -210;
    internal const int NGTCP2_ERR_STREAM_LIMIT = -211;
    internal const int NGTCP2_ERR_FINAL_SIZE = -212;
    internal const int NGTCP2_ERR_CRYPTO = -213;
    internal const int NGTCP2_ERR_PKT_NUM_EXHAUSTED = -214;
    internal const int NGTCP2_ERR_REQUIRED_TRANSPORT_PARAM = -215;
    internal const int NGTCP2_ERR_MALFORMED_TRANSPORT_PARAM = -216;
    internal const int NGTCP2_ERR_FRAME_ENCODING = -217;
    internal const int NGTCP2_ERR_DECRYPT = -218;
    internal const int NGTCP2_ERR_STREAM_SHUT_WR = -219;
    internal const int NGTCP2_ERR_STREAM_NOT_FOUND = -220;
    internal const int NGTCP2_ERR_STREAM_STATE = -221;
    internal const int NGTCP2_ERR_RECV_VERSION_NEGOTIATION = -222;
    internal const int NGTCP2_ERR_CLOSING = -223;
    internal const int NGTCP2_ERR_DRAINING = -224;
    internal const int NGTCP2_ERR_TRANSPORT_PARAM = -225;
    internal const int NGTCP2_ERR_DISCARD_PKT = -226;
    internal const int NGTCP2_ERR_CONN_ID_BLOCKED = -227;
    internal const int NGTCP2_ERR_INTERNAL = -228;
    internal const int NGTCP2_ERR_CRYPTO_BUFFER_EXCEEDED = -229;
    internal const int NGTCP2_ERR_WRITE_MORE = -230;
    internal const int NGTCP2_ERR_RETRY = -231;
    internal const int NGTCP2_ERR_DROP_CONN = -232;
    internal const int NGTCP2_ERR_AEAD_LIMIT_REACHED = -233;
    internal const int NGTCP2_ERR_NO_VIABLE_PATH = -234;
    internal const int NGTCP2_ERR_VERSION_NEGOTIATION = -235;
    internal const int NGTCP2_ERR_HANDSHAKE_TIMEOUT = -236;
    internal const int NGTCP2_ERR_VERSION_NEGOTIATION_FAILURE = -237;
    internal const int NGTCP2_ERR_IDLE_CLOSE = -238;
    internal const int NGTCP2_ERR_FATAL = -500;
    internal const int NGTCP2_ERR_NOMEM = -501;
    internal const int NGTCP2_ERR_CALLBACK_FAILURE = -502;

    // Results below zero of token verification; they overlap the codes above.
    internal const int NGTCP2_CRYPTO_ERR_INTERNAL = -201;
    internal const int NGTCP2_CRYPTO_ERR_UNREADABLE_TOKEN = -202;
    internal const int NGTCP2_CRYPTO_ERR_VERIFY_TOKEN = -203;
}
