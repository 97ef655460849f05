using System.Text;

namespace Net.Hosting.Engines;

/// <summary>Chooses the QUIC engine. <c>auto</c> takes the first that runs here, in the order of the candidates.</summary>
/// <param name="candidates">The engines, the preferred one first.</param>
internal sealed class EngineSelector(IReadOnlyList<EngineCandidate> candidates)
{
    internal const string Auto = "auto";

    internal IReadOnlyList<EngineCandidate> Candidates { get; } = candidates;

    /// <summary>What <c>--engine</c> takes.</summary>
    internal string[] Names => [Auto, .. Candidates.Select(static candidate => candidate.Name)];

    internal static EngineSelector ForProcess() => new(
    [
        new EngineCandidate("ngtcp2", static () => new Ngtcp2.Ngtcp2Engine(new Ngtcp2.Ngtcp2EngineOptions())),
        new EngineCandidate("msquic", static () => new MsQuic.MsQuicEngine()),
    ]);

    /// <summary>Makes the engine of a name.</summary>
    /// <param name="name">A name of <see cref="Names"/>.</param>
    /// <returns>An engine that runs here; the caller owns it.</returns>
    /// <exception cref="TransportException"><see cref="TransportError.EngineMissing"/>: none does; the message holds the reason of each that was tried.</exception>
    /// <exception cref="ArgumentException">There is no engine of that name.</exception>
    internal async ValueTask<TransportEngine> SelectAsync(string name)
    {
        EngineCandidate[] tried = name == Auto ? [.. Candidates] : [.. Candidates.Where(candidate => candidate.Name == name)];
        if (tried.Length == 0)
        {
            throw new ArgumentException($"There is no engine '{name}'; known are {string.Join(", ", Names)}.", nameof(name));
        }

        var reasons = new StringBuilder();
        foreach (EngineCandidate candidate in tried)
        {
            TransportEngine engine = candidate.Create();
            EngineSupport support = engine.Support;
            if (support.IsSupported)
            {
                return engine;
            }

            reasons.Append("\n  ").Append(candidate.Name).Append(": ").Append(support.Reason);
            await engine.DisposeAsync().ConfigureAwait(false);
        }

        throw new TransportException(
            TransportError.EngineMissing, tried.Length == 1 ? $"The QUIC engine does not run here:{reasons}" : $"No QUIC engine runs here:{reasons}");
    }
}
