using System.Diagnostics.Metrics;

namespace Net.Security;

/// <summary>The meter of access control. Costs nothing while nobody listens.</summary>
/// <remarks>
/// Instruments: <c>security.authentications</c> {login}, with <c>outcome</c> (success, or a name of <see cref="AuthenticationFailure"/>), of credentials that were checked anew or refused;
/// <c>security.refusals</c> {call}, with <c>reason</c> (unauthenticated, forbidden, expired, or a name of <see cref="AdmissionRefusal"/>, or audit);
/// <c>security.audit.lost</c> {entry}.
/// </remarks>
public static class AccessDiagnostics
{
    /// <summary>Name of the meter.</summary>
    public const string SourceName = "Net.Security";

    private static readonly Meter Meter = new(SourceName);
    private static readonly Counter<long> Authentications = Meter.CreateCounter<long>("security.authentications", "{login}", "Credentials that were checked anew or refused.");
    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>("security.refusals", "{call}", "Calls and streams that were refused.");
    private static readonly Counter<long> Lost = Meter.CreateCounter<long>("security.audit.lost", "{entry}", "Entries of the audit that were lost.");

    internal static void Authenticated(string outcome) => Authentications.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    internal static void Refused(string reason) => Refusals.Add(1, new KeyValuePair<string, object?>("reason", reason));

    internal static void AuditLost(long entries) => Lost.Add(entries);
}
