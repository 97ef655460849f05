namespace Net.Hosting.Engines;

/// <summary>An engine that may or may not run here.</summary>
/// <param name="Name">Its name, as <c>--engine</c> takes it.</param>
/// <param name="Create">Makes it; it loads nothing before it is asked for its support.</param>
internal sealed record EngineCandidate(string Name, Func<TransportEngine> Create);
