#pragma warning disable CA1712 // The names are those of the C headers, so that each can be looked up there and compared by a test.

namespace Net.Ngtcp2.Interop;

/// <summary>Congestion control algorithms (<c>ngtcp2_settings.cc_algo</c>).</summary>
// typedef enum ngtcp2_cc_algo;
internal enum ngtcp2_cc_algo
{
    NGTCP2_CC_ALGO_RENO = 0x00,
    NGTCP2_CC_ALGO_CUBIC = 0x01,
    NGTCP2_CC_ALGO_BBR = 0x02,
}

/// <summary>Where the token of a client's Initial came from (<c>ngtcp2_settings.token_type</c>).</summary>
// typedef enum ngtcp2_token_type;
internal enum ngtcp2_token_type
{
    NGTCP2_TOKEN_TYPE_UNKNOWN = 0,
    NGTCP2_TOKEN_TYPE_RETRY = 1,
    NGTCP2_TOKEN_TYPE_NEW_TOKEN = 2,
}

/// <summary>Packet types (<c>ngtcp2_pkt_hd.type</c>).</summary>
// typedef enum ngtcp2_pkt_type;
internal enum ngtcp2_pkt_type
{
    NGTCP2_PKT_VERSION_NEGOTIATION = 0x80,
    NGTCP2_PKT_STATELESS_RESET = 0x81,
    NGTCP2_PKT_INITIAL = 0x10,
    NGTCP2_PKT_0RTT = 0x11,
    NGTCP2_PKT_HANDSHAKE = 0x12,
    NGTCP2_PKT_RETRY = 0x13,
    NGTCP2_PKT_1RTT = 0x40,
}

/// <summary>Encryption levels. The order is that of the library: 1-RTT comes before 0-RTT.</summary>
// typedef enum ngtcp2_encryption_level;
internal enum ngtcp2_encryption_level
{
    NGTCP2_ENCRYPTION_LEVEL_INITIAL = 0,
    NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE = 1,
    NGTCP2_ENCRYPTION_LEVEL_1RTT = 2,
    NGTCP2_ENCRYPTION_LEVEL_0RTT = 3,
}

/// <summary>How a path validation ended.</summary>
// typedef enum ngtcp2_path_validation_result;
internal enum ngtcp2_path_validation_result
{
    NGTCP2_PATH_VALIDATION_RESULT_SUCCESS = 0,
    NGTCP2_PATH_VALIDATION_RESULT_FAILURE = 1,
    NGTCP2_PATH_VALIDATION_RESULT_ABORTED = 2,
}

/// <summary>Whether an id of the peer comes into use or leaves it.</summary>
// typedef enum ngtcp2_connection_id_status_type;
internal enum ngtcp2_connection_id_status_type
{
    NGTCP2_CONNECTION_ID_STATUS_TYPE_ACTIVATE = 0,
    NGTCP2_CONNECTION_ID_STATUS_TYPE_DEACTIVATE = 1,
}

/// <summary>What closed a connection (<c>ngtcp2_ccerr.type</c>).</summary>
// typedef enum ngtcp2_ccerr_type;
internal enum ngtcp2_ccerr_type
{
    NGTCP2_CCERR_TYPE_TRANSPORT = 0,
    NGTCP2_CCERR_TYPE_APPLICATION = 1,
    NGTCP2_CCERR_TYPE_VERSION_NEGOTIATION = 2,
    NGTCP2_CCERR_TYPE_IDLE_CLOSE = 3,
    NGTCP2_CCERR_TYPE_DROP_CONN = 4,
    NGTCP2_CCERR_TYPE_RETRY = 5,
}
