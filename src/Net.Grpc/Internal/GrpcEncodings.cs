using System.IO.Compression;

namespace Net.Grpc;

/// <summary>The encodings' names on the wire and their streams.</summary>
internal static class GrpcEncodings
{
    /// <summary>What both sides say they accept.</summary>
    internal const string Accepted = "identity,gzip,deflate";

    internal static string NameOf(GrpcEncoding encoding) => encoding switch
    {
        GrpcEncoding.Identity => "identity",
        GrpcEncoding.Gzip => "gzip",
        GrpcEncoding.Deflate => "deflate",
        _ => throw new ArgumentOutOfRangeException(nameof(encoding), encoding, "There is no such encoding."),
    };

    /// <summary>Reads <c>grpc-encoding</c>; a missing one is identity.</summary>
    internal static bool TryParse(string? name, out GrpcEncoding encoding)
    {
        (encoding, bool isKnown) = name switch
        {
            null or "" or "identity" => (GrpcEncoding.Identity, true),
            "gzip" => (GrpcEncoding.Gzip, true),
            "deflate" => (GrpcEncoding.Deflate, true),
            _ => (GrpcEncoding.Identity, false),
        };
        return isKnown;
    }

    /// <summary>Whether a peer that sent this <c>grpc-accept-encoding</c> reads an encoding. Identity is always read.</summary>
    internal static bool IsAccepted(string? accepted, GrpcEncoding encoding)
    {
        if (encoding == GrpcEncoding.Identity)
        {
            return true;
        }

        if (accepted is null)
        {
            return false;
        }

        string name = NameOf(encoding);
        foreach (Range part in accepted.AsSpan().Split(','))
        {
            if (accepted.AsSpan()[part].Trim(" \t").SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }

    internal static Stream Compressor(GrpcEncoding encoding, Stream target) => encoding == GrpcEncoding.Gzip
        ? new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true)
        : new ZLibStream(target, CompressionLevel.Fastest, leaveOpen: true);

    internal static Stream Decompressor(GrpcEncoding encoding, Stream source) => encoding == GrpcEncoding.Gzip
        ? new GZipStream(source, CompressionMode.Decompress, leaveOpen: true)
        : new ZLibStream(source, CompressionMode.Decompress, leaveOpen: true);
}
