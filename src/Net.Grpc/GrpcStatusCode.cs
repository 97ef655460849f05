namespace Net.Grpc;

/// <summary>How a call ended, with gRPC's own numbers.</summary>
public enum GrpcStatusCode
{
    /// <summary>It succeeded.</summary>
    Ok = 0,

    /// <summary>It was cancelled, mostly by the caller.</summary>
    Cancelled = 1,

    /// <summary>Something failed that has no better code; the handler threw, for one.</summary>
    Unknown = 2,

    /// <summary>The request makes no sense, whatever the state of the system.</summary>
    InvalidArgument = 3,

    /// <summary>The deadline passed; the work may have been done all the same.</summary>
    DeadlineExceeded = 4,

    /// <summary>What was asked for is not there.</summary>
    NotFound = 5,

    /// <summary>What was to be made is there already.</summary>
    AlreadyExists = 6,

    /// <summary>The caller is known and may not do this.</summary>
    PermissionDenied = 7,

    /// <summary>A quota or a limit is used up, or a message is too large.</summary>
    ResourceExhausted = 8,

    /// <summary>The system is not in the state that the request needs; trying again does not help.</summary>
    FailedPrecondition = 9,

    /// <summary>A conflict with another caller; trying the whole transaction again may help.</summary>
    Aborted = 10,

    /// <summary>The request went past the end of a range.</summary>
    OutOfRange = 11,

    /// <summary>The server has no such method, or does not speak the encoding.</summary>
    Unimplemented = 12,

    /// <summary>Something is broken: a message that does not parse, a stream that breaks the protocol.</summary>
    Internal = 13,

    /// <summary>The service cannot be reached now; trying again may help.</summary>
    Unavailable = 14,

    /// <summary>Data is lost for good.</summary>
    DataLoss = 15,

    /// <summary>The caller is not known, or showed bad credentials.</summary>
    Unauthenticated = 16,
}
