using System.Collections.Frozen;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>The one table from error to category and gRPC status.</summary>
public static class AqlErrors
{
    private static readonly FrozenDictionary<ErrorCode, AqlError> Rows = new AqlError[]
    {
        new(ErrorCode.ErrorUnknown, ErrorCategory.CategoryUnknown, AqlStatus.Unknown),
        new(ErrorCode.NetworkTimeout, ErrorCategory.CategoryRetryable, AqlStatus.DeadlineExceeded),
        new(ErrorCode.NetworkConnectionRefused, ErrorCategory.CategoryRetryable, AqlStatus.Unavailable),
        new(ErrorCode.NetworkConnectionReset, ErrorCategory.CategoryRetryable, AqlStatus.Unavailable),
        new(ErrorCode.NetworkDnsFailed, ErrorCategory.CategoryRetryable, AqlStatus.Unavailable),
        new(ErrorCode.NetworkTlsFailed, ErrorCategory.CategoryNonRetryable, AqlStatus.Unavailable),
        new(ErrorCode.ProtocolInvalidRequest, ErrorCategory.CategoryClientError, AqlStatus.InvalidArgument),
        new(ErrorCode.ProtocolUnsupportedVersion, ErrorCategory.CategoryClientError, AqlStatus.Unimplemented),
        new(ErrorCode.ProtocolMalformedMessage, ErrorCategory.CategoryClientError, AqlStatus.InvalidArgument),
        new(ErrorCode.ProtocolMissingField, ErrorCategory.CategoryClientError, AqlStatus.InvalidArgument),
        new(ErrorCode.AuthFailed, ErrorCategory.CategoryAuth, AqlStatus.Unauthenticated),
        new(ErrorCode.AuthExpired, ErrorCategory.CategoryAuth, AqlStatus.Unauthenticated),
        new(ErrorCode.AuthInsufficientPermissions, ErrorCategory.CategoryAuth, AqlStatus.PermissionDenied),
        new(ErrorCode.AuthInvalidCertificate, ErrorCategory.CategoryAuth, AqlStatus.Unauthenticated),
        new(ErrorCode.StorageNotFound, ErrorCategory.CategoryNonRetryable, AqlStatus.Internal),
        new(ErrorCode.StorageAlreadyExists, ErrorCategory.CategoryNonRetryable, AqlStatus.Internal),
        new(ErrorCode.StorageCorrupted, ErrorCategory.CategoryServerError, AqlStatus.Internal),
        // A full disk is a limit that is reached, not a fault of the host's: it heals when somebody makes room.
        new(ErrorCode.StorageFull, ErrorCategory.CategoryRetryable, AqlStatus.ResourceExhausted),
        new(ErrorCode.StorageIo, ErrorCategory.CategoryServerError, AqlStatus.Internal),
        new(ErrorCode.ComputeFailed, ErrorCategory.CategoryNonRetryable, AqlStatus.Unimplemented),
        new(ErrorCode.ComputeUnsupported, ErrorCategory.CategoryNonRetryable, AqlStatus.Unimplemented),
        new(ErrorCode.ComputeInvalidKey, ErrorCategory.CategoryNonRetryable, AqlStatus.Unimplemented),
        new(ErrorCode.ValidationInvalidKey, ErrorCategory.CategoryClientError, AqlStatus.InvalidArgument),
        new(ErrorCode.ValidationInvalidValue, ErrorCategory.CategoryClientError, AqlStatus.InvalidArgument),
        new(ErrorCode.ValidationSizeExceeded, ErrorCategory.CategoryClientError, AqlStatus.InvalidArgument),
        new(ErrorCode.ValidationInvalidCollection, ErrorCategory.CategoryClientError, AqlStatus.InvalidArgument),
        new(ErrorCode.ServerInternal, ErrorCategory.CategoryServerError, AqlStatus.Internal),
        new(ErrorCode.ServerUnavailable, ErrorCategory.CategoryRetryable, AqlStatus.Unavailable),
        new(ErrorCode.ServerOverloaded, ErrorCategory.CategoryRetryable, AqlStatus.ResourceExhausted),
        new(ErrorCode.ServerShuttingDown, ErrorCategory.CategoryRetryable, AqlStatus.Unavailable),
    }.ToFrozenDictionary(row => row.Code);

    /// <summary>All rows, ordered by code.</summary>
    public static IReadOnlyList<AqlError> All { get; } = [.. Rows.Values.OrderBy(row => row.Code)];

    /// <summary>Finds the row of a code. A code that a later version added counts as <see cref="ErrorCode.ErrorUnknown"/>.</summary>
    /// <param name="code">The code.</param>
    /// <returns>The row.</returns>
    public static AqlError Find(ErrorCode code) => Rows.TryGetValue(code, out AqlError row) ? row : Rows[ErrorCode.ErrorUnknown];
}
