using System.Net;

namespace Net.Chaos.Proxy;

/// <summary>A proxy that is up: its sockets and what runs on them. Changes take effect before their task completes. Disposing it takes the proxy down.</summary>
internal interface IProxyRunner : IAsyncDisposable
{
    /// <summary>Where it listens, with the port that the system chose.</summary>
    IPEndPoint EndPoint { get; }

    Task AddAsync(Toxic toxic);

    Task UpdateAsync(Toxic toxic);

    Task RemoveAsync(string toxic);

    /// <summary>Gives every session another source address towards the server.</summary>
    /// <returns>How many got one; 0 for TCP, whose connections cannot move.</returns>
    Task<int> RebindAsync(IPAddress? source);

    Task<IReadOnlyList<SessionView>> ListSessionsAsync();
}
