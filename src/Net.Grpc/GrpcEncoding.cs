namespace Net.Grpc;

/// <summary>How the messages of one direction of a call are compressed.</summary>
public enum GrpcEncoding
{
    /// <summary>Not at all: <c>identity</c>. The default.</summary>
    Identity = 0,

    /// <summary><c>gzip</c> (RFC 1952).</summary>
    Gzip = 1,

    /// <summary><c>deflate</c>: the zlib format (RFC 1950).</summary>
    Deflate = 2,
}
