using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Ngtcp2.Interop;

/// <summary>Words for the error codes of ngtcp2, which itself only has names. They need no native library.</summary>
internal static class Ngtcp2Errors
{
    private static readonly Dictionary<int, (string Name, string Text)> Known = new()
    {
        [NGTCP2_ERR_INVALID_ARGUMENT] = (nameof(NGTCP2_ERR_INVALID_ARGUMENT), "an argument is not valid"),
        [NGTCP2_ERR_NOBUF] = (nameof(NGTCP2_ERR_NOBUF), "the buffer is too small"),
        [NGTCP2_ERR_PROTO] = (nameof(NGTCP2_ERR_PROTO), "the peer broke the protocol"),
        [NGTCP2_ERR_INVALID_STATE] = (nameof(NGTCP2_ERR_INVALID_STATE), "the connection is not in a state that allows this"),
        [NGTCP2_ERR_ACK_FRAME] = (nameof(NGTCP2_ERR_ACK_FRAME), "the peer sent an ACK frame that is not valid"),
        [NGTCP2_ERR_STREAM_ID_BLOCKED] = (nameof(NGTCP2_ERR_STREAM_ID_BLOCKED), "the peer allows no more streams for now"),
        [NGTCP2_ERR_STREAM_IN_USE] = (nameof(NGTCP2_ERR_STREAM_IN_USE), "the stream id is in use"),
        [NGTCP2_ERR_STREAM_DATA_BLOCKED] = (nameof(NGTCP2_ERR_STREAM_DATA_BLOCKED), "flow control allows no more data for now"),
        [NGTCP2_ERR_FLOW_CONTROL] = (nameof(NGTCP2_ERR_FLOW_CONTROL), "the peer sent more data than it was allowed"),
        [NGTCP2_ERR_CONNECTION_ID_LIMIT] = (nameof(NGTCP2_ERR_CONNECTION_ID_LIMIT), "the peer issued too many connection ids"),
        [NGTCP2_ERR_STREAM_LIMIT] = (nameof(NGTCP2_ERR_STREAM_LIMIT), "the peer opened more streams than it was allowed"),
        [NGTCP2_ERR_FINAL_SIZE] = (nameof(NGTCP2_ERR_FINAL_SIZE), "the peer changed the final size of a stream"),
        [NGTCP2_ERR_CRYPTO] = (nameof(NGTCP2_ERR_CRYPTO), "TLS failed; the alert tells why"),
        [NGTCP2_ERR_PKT_NUM_EXHAUSTED] = (nameof(NGTCP2_ERR_PKT_NUM_EXHAUSTED), "the packet numbers are used up"),
        [NGTCP2_ERR_REQUIRED_TRANSPORT_PARAM] = (nameof(NGTCP2_ERR_REQUIRED_TRANSPORT_PARAM), "the peer left out a transport parameter"),
        [NGTCP2_ERR_MALFORMED_TRANSPORT_PARAM] =
            (nameof(NGTCP2_ERR_MALFORMED_TRANSPORT_PARAM), "the peer sent a transport parameter that is not valid"),
        [NGTCP2_ERR_FRAME_ENCODING] = (nameof(NGTCP2_ERR_FRAME_ENCODING), "the peer sent a frame that cannot be read"),
        [NGTCP2_ERR_DECRYPT] = (nameof(NGTCP2_ERR_DECRYPT), "a packet could not be decrypted"),
        [NGTCP2_ERR_STREAM_SHUT_WR] = (nameof(NGTCP2_ERR_STREAM_SHUT_WR), "the sending side of the stream is closed"),
        [NGTCP2_ERR_STREAM_NOT_FOUND] = (nameof(NGTCP2_ERR_STREAM_NOT_FOUND), "there is no such stream, or it is closed"),
        [NGTCP2_ERR_STREAM_STATE] = (nameof(NGTCP2_ERR_STREAM_STATE), "the peer sent a frame that the stream's state does not allow"),
        [NGTCP2_ERR_RECV_VERSION_NEGOTIATION] =
            (nameof(NGTCP2_ERR_RECV_VERSION_NEGOTIATION), "the server does not speak the version; it offered others"),
        [NGTCP2_ERR_CLOSING] = (nameof(NGTCP2_ERR_CLOSING), "the connection is closing"),
        [NGTCP2_ERR_DRAINING] = (nameof(NGTCP2_ERR_DRAINING), "the peer closed the connection"),
        [NGTCP2_ERR_TRANSPORT_PARAM] = (nameof(NGTCP2_ERR_TRANSPORT_PARAM), "the transport parameters cannot be used"),
        [NGTCP2_ERR_DISCARD_PKT] = (nameof(NGTCP2_ERR_DISCARD_PKT), "the packet was dropped"),
        [NGTCP2_ERR_CONN_ID_BLOCKED] = (nameof(NGTCP2_ERR_CONN_ID_BLOCKED), "the peer has issued no connection id to move with"),
        [NGTCP2_ERR_INTERNAL] = (nameof(NGTCP2_ERR_INTERNAL), "the library failed"),
        [NGTCP2_ERR_CRYPTO_BUFFER_EXCEEDED] = (nameof(NGTCP2_ERR_CRYPTO_BUFFER_EXCEEDED), "the peer sent too much handshake data"),
        [NGTCP2_ERR_WRITE_MORE] = (nameof(NGTCP2_ERR_WRITE_MORE), "the packet has room left: write again"),
        [NGTCP2_ERR_RETRY] = (nameof(NGTCP2_ERR_RETRY), "the client must first prove its address: send a Retry"),
        [NGTCP2_ERR_DROP_CONN] = (nameof(NGTCP2_ERR_DROP_CONN), "the connection must be dropped without a word"),
        [NGTCP2_ERR_AEAD_LIMIT_REACHED] = (nameof(NGTCP2_ERR_AEAD_LIMIT_REACHED), "the keys have been used as often as they may"),
        [NGTCP2_ERR_NO_VIABLE_PATH] = (nameof(NGTCP2_ERR_NO_VIABLE_PATH), "no network path works"),
        [NGTCP2_ERR_VERSION_NEGOTIATION] = (nameof(NGTCP2_ERR_VERSION_NEGOTIATION), "the version is not spoken here: offer others"),
        [NGTCP2_ERR_HANDSHAKE_TIMEOUT] = (nameof(NGTCP2_ERR_HANDSHAKE_TIMEOUT), "the handshake took too long"),
        [NGTCP2_ERR_VERSION_NEGOTIATION_FAILURE] =
            (nameof(NGTCP2_ERR_VERSION_NEGOTIATION_FAILURE), "no version is spoken by both sides"),
        [NGTCP2_ERR_IDLE_CLOSE] = (nameof(NGTCP2_ERR_IDLE_CLOSE), "nothing was heard of the peer for the idle timeout"),
        [NGTCP2_ERR_FATAL] = (nameof(NGTCP2_ERR_FATAL), "the connection can only be deleted"),
        [NGTCP2_ERR_NOMEM] = (nameof(NGTCP2_ERR_NOMEM), "there is no memory left"),
        [NGTCP2_ERR_CALLBACK_FAILURE] = (nameof(NGTCP2_ERR_CALLBACK_FAILURE), "a callback of this engine failed"),
    };

    /// <summary>Name of an error code as the C header has it; the number when it is of a later version.</summary>
    internal static string GetName(int code) => Known.TryGetValue(code, out var known) ? known.Name : $"NGTCP2_ERR {code}";

    /// <summary>Name, number and words for an error code.</summary>
    internal static string Describe(int code) =>
        Known.TryGetValue(code, out var known) ? $"{known.Name} ({code}): {known.Text}." : $"unknown ngtcp2 error ({code}).";
}
