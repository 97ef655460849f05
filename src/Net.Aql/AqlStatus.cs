namespace Net.Aql;

/// <summary>The gRPC status that stands for an error where there is no response body to carry it. The numbers are gRPC's.</summary>
public enum AqlStatus
{
    /// <summary>No error.</summary>
    Ok = 0,

    /// <summary>An error of unknown kind.</summary>
    Unknown = 2,

    /// <summary>The request makes no sense, whatever the state of the host.</summary>
    InvalidArgument = 3,

    /// <summary>The time was over first; a write may or may not have taken effect.</summary>
    DeadlineExceeded = 4,

    /// <summary>The caller may not do this.</summary>
    PermissionDenied = 7,

    /// <summary>A limit is reached: requests, memory or disk.</summary>
    ResourceExhausted = 8,

    /// <summary>The host does not do this.</summary>
    Unimplemented = 12,

    /// <summary>The host failed.</summary>
    Internal = 13,

    /// <summary>The host cannot be reached or is about to end; another attempt may succeed.</summary>
    Unavailable = 14,

    /// <summary>The host does not know who the caller is.</summary>
    Unauthenticated = 16,
}
