using ProtocolVersion = Net.Protocol.Aql.Version;

namespace Net.Aql;

/// <summary>The names and numbers that AQL is known by.</summary>
public static class AqlProtocol
{
    /// <summary>The full name of the gRPC service.</summary>
    public const string ServiceName = "amaters.aql.AqlService";

    /// <summary>Rows in one chunk of a stream, at most.</summary>
    public const int StreamChunkRows = 100;

    /// <summary>What every host of this version can do, as its server information lists it.</summary>
    public static IReadOnlyList<string> Capabilities { get; } =
        ["query.get", "query.set", "query.delete", "query.range", "query.update", "query.filter"];

    /// <summary>The version spoken: 0.2.0.</summary>
    /// <returns>A new message.</returns>
    public static ProtocolVersion CreateVersion() => new() { Major = 0, Minor = 2, Patch = 0 };

    /// <summary>Whether a request of some version is understood: 0.2 with any patch. A request that names none is taken for one of this version.</summary>
    /// <param name="version">The version; <c>null</c>: none was named.</param>
    /// <returns>Whether it is.</returns>
    public static bool IsSupported(ProtocolVersion? version) => version is null or { Major: 0, Minor: 2 };
}
