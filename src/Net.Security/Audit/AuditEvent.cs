using System.Diagnostics;

namespace Net.Security;

/// <summary>One entry of the audit, before it has a number and a place. All texts may come from outside; writing them makes them harmless. Never put a secret into one.</summary>
public readonly record struct AuditEvent
{
    /// <summary>Makes an entry.</summary>
    /// <param name="category">What it is about.</param>
    /// <param name="action">What happened, from a closed set, such as <c>login</c> or <c>call</c>.</param>
    /// <param name="isSuccess">Whether it was allowed or worked.</param>
    public AuditEvent(AuditCategory category, string action, bool isSuccess)
    {
        ArgumentException.ThrowIfNullOrEmpty(action);
        Category = category;
        Action = action;
        IsSuccess = isSuccess;
    }

    /// <summary>What it is about.</summary>
    public AuditCategory Category { get; }

    /// <summary>What happened.</summary>
    public string Action { get; }

    /// <summary>Whether it was allowed or worked.</summary>
    public bool IsSuccess { get; }

    /// <summary>Who: <see cref="Principal.Id"/>; <c>null</c>: nobody that is known.</summary>
    public string? Principal { get; init; }

    /// <summary>From where: an address; <c>null</c>: unknown, or from this machine.</summary>
    public string? Source { get; init; }

    /// <summary>What it was done to, such as <c>aql:get:users</c>.</summary>
    public string? Resource { get; init; }

    /// <summary>Why, from a closed set where there is one.</summary>
    public string? Reason { get; init; }

    /// <summary>More for a person.</summary>
    public string? Detail { get; init; }

    /// <summary>The trace that it belongs to. Default: the trace that is current where the entry is made.</summary>
    public ActivityTraceId TraceId { get; init; } = Activity.Current?.TraceId ?? default;

    /// <summary>How many entries like it were left out before it, as there were too many.</summary>
    public long Suppressed { get; init; }
}
