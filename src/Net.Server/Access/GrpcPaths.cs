using System.Collections.Concurrent;

namespace Net.Server;

/// <summary>The paths at which gRPC methods are mapped. Only these are taken for gRPC by their content type: on any other path it is a header that a caller chose.</summary>
internal sealed class GrpcPaths
{
    private readonly ConcurrentDictionary<string, string> _methods = new(StringComparer.Ordinal);

    /// <summary>Adds a method.</summary>
    /// <param name="path">Its path, with the slash before it.</param>
    internal void Add(string path) => _methods.TryAdd(path, path[1..]);

    /// <summary>Finds a method.</summary>
    /// <param name="path">The path of a request.</param>
    /// <returns><c>package.Service/Method</c>; <c>null</c>: there is none.</returns>
    internal string? Find(string path) => _methods.GetValueOrDefault(path);
}
