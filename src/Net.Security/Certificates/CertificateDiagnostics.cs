using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Net.Security.Internal;

namespace Net.Security;

/// <summary>The instruments of certificates. Cost nothing while nobody listens.</summary>
/// <remarks>
/// <c>security.certificate.time_to_expiry</c> {day}, negative once it is over, for each open source (<c>security.source</c>) with <c>security.certificate.role</c>: of each identity
/// (<c>security.identity</c> = its number from 0) the <c>leaf</c> and, of its <c>intermediate</c>s, the one that ends first; of the trust files (<c>security.trust</c> = the number from 0
/// among those of the same role) each <c>root</c> and each <c>intermediate</c>.
/// <c>security.revocation_list.time_to_expiry</c> {day}, for the list of each source that is due first. <c>security.certificate.reloads</c> {reload}, with <c>security.source</c> and
/// <c>security.outcome</c> = applied or refused, and <c>error.type</c> = the <see cref="CertificateFault"/> of a refusal. <c>security.connections.distrusted</c> {connection}: connections that
/// were closed because their peer lost its trust, with <c>security.source</c> and <c>error.type</c> = the <see cref="CertificateRefusal"/>.
/// </remarks>
public static class CertificateDiagnostics
{
    /// <summary>Name of the meter.</summary>
    public const string SourceName = "Net.Security";

    private static readonly Meter Meter = new(SourceName);
    private static readonly ConcurrentDictionary<CertificateSource, bool> Sources = [];
    private static readonly Counter<long> Reloads = Meter.CreateCounter<long>("security.certificate.reloads", "{reload}", "Certificates, keys, trust or lists that changed.");
    private static readonly Counter<long> Distrusted = Meter.CreateCounter<long>(
        "security.connections.distrusted", "{connection}", "Connections closed because their peer was no longer trusted.");

    static CertificateDiagnostics()
    {
        Meter.CreateObservableGauge("security.certificate.time_to_expiry", ObserveCertificates, "{day}", "Time until a certificate of this side's chains, or an authority of peers, ends.");
        Meter.CreateObservableGauge("security.revocation_list.time_to_expiry", ObserveLists, "{day}", "Time until a revocation list is due to be replaced.");
    }

    internal static void Add(CertificateSource source) => Sources.TryAdd(source, true);

    internal static void Remove(CertificateSource source) => Sources.TryRemove(source, out _);

    internal static void Applied(string source) =>
        Reloads.Add(1, new KeyValuePair<string, object?>("security.source", source), new KeyValuePair<string, object?>("security.outcome", "applied"));

    internal static void Refused(string source, CertificateFault fault) => Reloads.Add(
        1,
        new KeyValuePair<string, object?>("security.source", source),
        new KeyValuePair<string, object?>("security.outcome", "refused"),
        new KeyValuePair<string, object?>("error.type", fault.ToString()));

    internal static void ConnectionClosed(string source, CertificateRefusal refusal) =>
        Distrusted.Add(1, new KeyValuePair<string, object?>("security.source", source), new KeyValuePair<string, object?>("error.type", refusal.ToString()));

    private static IEnumerable<Measurement<double>> ObserveCertificates()
    {
        foreach (CertificateSource source in Sources.Keys)
        {
            DateTimeOffset now = source.Options.TimeProvider.GetUtcNow();
            foreach (IGrouping<(string Place, int Index, ChainPosition Position), WatchedEnd> one in source.Current.Ends.GroupBy(static end => (PlaceOf(end), end.Index, end.Position)))
            {
                yield return new Measurement<double>(
                    (one.Min(static end => end.NotAfter) - now).TotalDays,
                    new KeyValuePair<string, object?>("security.source", source.Options.Name),
                    new KeyValuePair<string, object?>("security.certificate.role", NameOf(one.Key.Position)),
                    new KeyValuePair<string, object?>(one.Key.Place, one.Key.Index));
            }
        }
    }

    private static string PlaceOf(WatchedEnd end) => end.IsPeerAuthority ? "security.trust" : end.IsIssuer ? "security.issuer" : "security.identity";

    private static IEnumerable<Measurement<double>> ObserveLists()
    {
        foreach (CertificateSource source in Sources.Keys)
        {
            if (source.Current.TrustState?.Lists.Min(static list => list.List.NextUpdate) is DateTimeOffset next)
            {
                yield return new Measurement<double>(
                    (next - source.Options.TimeProvider.GetUtcNow()).TotalDays, new KeyValuePair<string, object?>("security.source", source.Options.Name));
            }
        }
    }

    private static string NameOf(ChainPosition position) => position switch
    {
        ChainPosition.Leaf => "leaf",
        ChainPosition.Intermediate => "intermediate",
        _ => "root",
    };
}
