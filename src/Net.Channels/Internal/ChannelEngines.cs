using Microsoft.Extensions.Logging;

namespace Net.Channels;

/// <summary>Chooses the QUIC engine of a channel that was given none: the first that runs here.</summary>
internal static class ChannelEngines
{
    /// <summary>The engines, the preferred one first.</summary>
    internal static IReadOnlyList<Candidate> All { get; } =
    [
        new("ngtcp2", static (log, time) => new Ngtcp2.Ngtcp2Engine(new Ngtcp2.Ngtcp2EngineOptions { LoggerFactory = log, TimeProvider = time })),
        new("msquic", static (_, time) => new MsQuic.MsQuicEngine(new MsQuic.MsQuicEngineOptions { TimeProvider = time })),
    ];

    /// <summary>Makes the first engine that runs here.</summary>
    /// <param name="candidates">The engines, the preferred one first.</param>
    /// <param name="loggerFactory">Takes the engine's log.</param>
    /// <param name="timeProvider">The engine's clock.</param>
    /// <param name="reasons">Why those before it, or all, do not run; "" when the first does.</param>
    /// <returns>The engine, which the caller owns, or <c>null</c>.</returns>
    internal static TransportEngine? Create(IReadOnlyList<Candidate> candidates, ILoggerFactory loggerFactory, TimeProvider timeProvider, out string reasons)
    {
        List<string> said = [];
        foreach (Candidate candidate in candidates)
        {
            // One that does not run holds nothing that would have to be given back.
            TransportEngine engine = candidate.Create(loggerFactory, timeProvider);
            if (engine.Support.IsSupported)
            {
                reasons = string.Join(" ", said);
                return engine;
            }

            said.Add($"{candidate.Name}: {engine.Support.Reason}");
        }

        reasons = string.Join(" ", said);
        return null;
    }

    /// <summary>An engine that may or may not run here.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Create">Makes it.</param>
    internal sealed record Candidate(string Name, Func<ILoggerFactory, TimeProvider, TransportEngine> Create);
}
