using System.Buffers;

namespace Net.Grpc;

/// <summary>Which names and values metadata may have (gRPC over HTTP/2, "Custom-Metadata").</summary>
internal static class MetadataNames
{
    internal const string Status = "grpc-status";
    internal const string Message = "grpc-message";
    internal const string Details = "grpc-status-details-bin";
    internal const string Timeout = "grpc-timeout";
    internal const string Encoding = "grpc-encoding";
    internal const string AcceptEncoding = "grpc-accept-encoding";
    internal const string RetryPushback = "grpc-retry-pushback-ms";
    internal const string PreviousAttempts = "grpc-previous-rpc-attempts";

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");

    internal static bool IsBinary(string name) => name.EndsWith(GrpcMetadata.BinarySuffix, StringComparison.Ordinal);

    /// <summary>Whether a received header belongs to the protocol and is no metadata of the application's.</summary>
    internal static bool IsOfProtocol(string name) => name switch
    {
        // What a retry needs is metadata although the name is gRPC's.
        RetryPushback or PreviousAttempts => false,
        "content-type" or "content-length" or "te" or "host" or "date" or "trailer" or "transfer-encoding" or "connection" => true,
        _ => name.StartsWith(':') || name.StartsWith("grpc-", StringComparison.Ordinal),
    };

    internal static string Check(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        string lower = name.ToLowerInvariant();
        if (lower.AsSpan().ContainsAnyExcept(NameCharacters))
        {
            throw new ArgumentException($"'{name}' cannot be the name of metadata: only letters, digits, '-', '_' and '.' are allowed.", nameof(name));
        }

        if (IsOfProtocol(lower))
        {
            throw new ArgumentException($"'{name}' is set by the protocol itself; use the call's options, or another name.", nameof(name));
        }

        return lower;
    }

    internal static void CheckValue(string name, string value)
    {
        if (value.AsSpan().ContainsAnyExceptInRange(' ', '~') || value.StartsWith(' ') || value.EndsWith(' '))
        {
            throw new ArgumentException($"The value of '{name}' must be printable ASCII without spaces at its ends; other values go as bytes under a name that ends in -bin.", nameof(value));
        }
    }
}
