namespace Net.Security;

/// <summary>What an entry of the audit is about.</summary>
public enum AuditCategory
{
    /// <summary>Who calls: a login that was taken or refused.</summary>
    Authentication = 0,

    /// <summary>What callers may do: a call that was refused, or allowed where that is asked for.</summary>
    Authorization = 1,

    /// <summary>A limit that a caller ran into.</summary>
    Admission = 2,

    /// <summary>Something that somebody who runs the server did to it.</summary>
    Admin = 3,

    /// <summary>A setting that was taken or refused.</summary>
    Configuration = 4,

    /// <summary>Certificates, keys and trust that were taken or refused.</summary>
    Certificate = 5,

    /// <summary>The audit itself: begun, ended, entries lost.</summary>
    Audit = 6,
}
