using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using Net.Security;

namespace Net.Server;

/// <summary>Gives each raw stream (<c>net/1</c>) to the handler of its route. Made by <see cref="NetServerBuilder"/>.</summary>
internal sealed class RawStreamRouter : IConnectionHandler
{
    private readonly FrozenDictionary<string, IRawStreamHandler> _routes;
    private int _streams;

    internal RawStreamRouter(IReadOnlyDictionary<string, IRawStreamHandler> routes, RawStreamServerOptions options, TimeProvider timeProvider, ILogger logger, AccessGate? access = null)
    {
        _routes = routes.ToFrozenDictionary(StringComparer.Ordinal);
        Options = options;
        TimeProvider = timeProvider;
        Logger = logger;
        Access = access;
    }

    /// <inheritdoc/>
    public long OverloadedErrorCode => RawStreamErrorCodes.Overloaded;

    /// <inheritdoc/>
    public long DistrustErrorCode => RawStreamErrorCodes.Untrusted;

    internal RawStreamServerOptions Options { get; }

    internal TimeProvider TimeProvider { get; }

    internal ILogger Logger { get; }

    /// <summary>Says who may open which streams; <c>null</c>: everybody whom the handshake let in, all.</summary>
    internal AccessGate? Access { get; }

    /// <inheritdoc/>
    public Task ServeAsync(TransportConnection connection, CancellationToken draining, CancellationToken aborting)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return new RawStreamConnection(this, connection, draining).ServeAsync(aborting);
    }

    internal IRawStreamHandler? FindHandler(string route) => _routes.GetValueOrDefault(route);

    internal bool TryEnterStream()
    {
        if (Interlocked.Increment(ref _streams) <= Options.MaxConcurrentStreams)
        {
            return true;
        }

        Interlocked.Decrement(ref _streams);
        return false;
    }

    internal void ExitStream() => Interlocked.Decrement(ref _streams);
}
