using Microsoft.Extensions.Logging.Abstractions;
using Net.Channels;

namespace Net.Chaos.Running;

/// <summary>The QUIC engine that a run is made on: that of its hosts, its clients, and the handshakes beside them.</summary>
internal static class RunEngines
{
    internal const string Auto = "auto";

    /// <summary>What <c>--engine</c> takes.</summary>
    internal static string[] Names => [Auto, .. ChannelEngines.All.Select(static e => e.Name)];

    /// <summary>Makes an engine.</summary>
    /// <param name="name">A name of <see cref="Names"/>.</param>
    /// <param name="timeProvider">Its clock.</param>
    /// <returns>The engine, which the caller owns; <c>null</c> with <see cref="Auto"/> where none runs here.</returns>
    /// <exception cref="RunException">The engine that was named does not run here.</exception>
    internal static TransportEngine? Create(string name, TimeProvider timeProvider)
    {
        IReadOnlyList<ChannelEngines.Candidate> candidates = name == Auto ? ChannelEngines.All : [.. ChannelEngines.All.Where(e => e.Name == name)];
        TransportEngine? engine = ChannelEngines.Create(candidates, NullLoggerFactory.Instance, timeProvider, out string reasons);
        return engine is null && name != Auto ? throw new RunException($"The engine '{name}' (--engine) does not run here, so that nothing was shown. {reasons}") : engine;
    }
}
