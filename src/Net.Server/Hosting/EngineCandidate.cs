using Microsoft.Extensions.Logging;

namespace Net.Server;

/// <summary>An engine that may or may not run here.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Probe">Whether it runs here, and why not.</param>
/// <param name="Create">Makes it.</param>
internal sealed record EngineCandidate(string Name, Func<EngineSupport> Probe, Func<ILoggerFactory, TimeProvider, TransportEngine> Create)
{
    /// <summary>All there are, the preferred one first.</summary>
    internal static IReadOnlyList<EngineCandidate> All { get; } =
    [
        // An engine that has served nothing holds nothing, so that the ones that only answer the question need no disposal.
        new("ngtcp2", static () => new Ngtcp2.Ngtcp2Engine(new Ngtcp2.Ngtcp2EngineOptions()).Support,
            static (log, time) => new Ngtcp2.Ngtcp2Engine(new Ngtcp2.Ngtcp2EngineOptions { LoggerFactory = log, TimeProvider = time })),
        new("msquic", static () => new MsQuic.MsQuicEngine().Support,
            static (_, time) => new MsQuic.MsQuicEngine(new MsQuic.MsQuicEngineOptions { TimeProvider = time })),
    ];

    /// <summary>Takes the first that runs here.</summary>
    /// <param name="candidates">The engines in order of preference.</param>
    /// <param name="reasons">Why those before it, or all, do not; "" when the first does.</param>
    /// <returns>The engine, or <c>null</c> when none runs.</returns>
    internal static EngineCandidate? Choose(IReadOnlyList<EngineCandidate> candidates, out string reasons)
    {
        var said = new List<string>();
        foreach (EngineCandidate candidate in candidates)
        {
            EngineSupport support = candidate.Probe();
            if (support.IsSupported)
            {
                reasons = string.Join(" ", said);
                return candidate;
            }

            said.Add($"{candidate.Name}: {support.Reason}");
        }

        reasons = string.Join(" ", said);
        return null;
    }
}
