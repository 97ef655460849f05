using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Net.Testing;

/// <summary>An engine without packets: all of the contract, on a <see cref="MemoryNetwork"/>. Certificates are judged for real; nothing is encrypted.</summary>
public sealed class MemoryEngine : TransportEngine
{
    private static readonly ConditionalWeakTable<ServerTlsOptions, byte[]> OwnTicketKeys = [];

    private readonly MemoryEngineOptions _options;
    private readonly HashSet<MemoryConnection> _connections = [];
    private readonly HashSet<MemoryListener> _listeners = [];
    private bool _disposed;

    /// <summary>Makes an engine.</summary>
    /// <param name="network">The network, which the caller owns. Engines on one network reach each other.</param>
    /// <param name="options">What it claims to be.</param>
    public MemoryEngine(MemoryNetwork network, MemoryEngineOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        Network = network;
        _options = options ?? new MemoryEngineOptions();
    }

    /// <inheritdoc/>
    public override string Name => _options.Name;

    /// <inheritdoc/>
    public override EngineSupport Support => _options.Support;

    /// <inheritdoc/>
    public override EngineCapabilities Capabilities => _options.Capabilities & MemoryEngineOptions.AllCapabilities;

    /// <summary>The network.</summary>
    public MemoryNetwork Network { get; }

    /// <summary>Shows a stream that was opened to whoever wants to see it.</summary>
    internal void ShowOpened(TransportStream stream) => _options.StreamOpened?.Invoke(stream);

    /// <summary>Shows a stream that was read to whoever wants to see it.</summary>
    internal void ShowConsumed(TransportStream stream) => _options.StreamConsumed?.Invoke(stream);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        using MemoryNetwork.Scope scope = Network.Enter();
        _disposed = true;
        foreach (MemoryConnection connection in _connections.ToArray())
        {
            connection.CloseWithEngine();
        }

        foreach (MemoryListener listener in _listeners.ToArray())
        {
            listener.Stop();
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async ValueTask<TransportConnection> ConnectCoreAsync(ConnectOptions options, CancellationToken cancellationToken)
    {
        ThrowIfUnable(options);
        cancellationToken.ThrowIfCancellationRequested();
        IReadOnlyList<IPEndPoint> addresses = Network.Resolve(options.RemoteEndPoint);
        for (int i = 0; i < addresses.Count; i++)
        {
            try
            {
                return await ConnectToAsync(addresses[i], options, cancellationToken).ConfigureAwait(false);
            }
            catch (TransportException exception) when (exception.Error == TransportError.ConnectFailed && i < addresses.Count - 1)
            {
                // The next address may do.
            }
        }

        throw new TransportException(TransportError.ConnectFailed, $"The name '{options.EffectiveServerName}' has no address.");
    }

    /// <inheritdoc/>
    protected override ValueTask<TransportListener> ListenCoreAsync(ListenOptions options, CancellationToken cancellationToken)
    {
        Require(EngineCapabilities.Listen, true, "listen");
        ThrowIfUnable(options);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TransportListener>(cancellationToken);
        }

        using MemoryNetwork.Scope scope = Network.Enter();
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Network.TryBind(options.LocalEndPoint) is not { } bound)
        {
            throw new TransportException(TransportError.ListenFailed, $"The address {options.LocalEndPoint} is taken; choose another port, or 0 for any.");
        }

        var listener = new MemoryListener(this, options, bound);
        _listeners.Add(listener);
        Network.Add(listener);
        return new(listener);
    }

    /// <summary>The secret that session tickets of a snapshot are made with.</summary>
    /// <param name="tls">The snapshot.</param>
    /// <returns>The key of the options, or one made for this instance.</returns>
    internal static ReadOnlyMemory<byte> TicketKeyOf(ServerTlsOptions tls) =>
        tls.TicketKey.IsEmpty ? OwnTicketKeys.GetValue(tls, static _ => RandomNumberGenerator.GetBytes(64)) : tls.TicketKey;

    /// <summary>Notes a connection.</summary>
    /// <param name="connection">One whose handshake begins.</param>
    internal void Add(MemoryConnection connection) => _connections.Add(connection);

    /// <summary>Forgets a connection.</summary>
    /// <param name="connection">One that is over.</param>
    internal void Remove(MemoryConnection connection) => _connections.Remove(connection);

    /// <summary>Forgets a listener.</summary>
    /// <param name="listener">One that is over.</param>
    internal void Remove(MemoryListener listener) => _listeners.Remove(listener);

    private Task<TransportConnection> ConnectToAsync(IPEndPoint server, ConnectOptions options, CancellationToken cancellationToken)
    {
        MemoryTickets? tickets = MemoryTickets.Take(this, options);
        using MemoryNetwork.Scope scope = Network.Enter();
        ObjectDisposedException.ThrowIf(_disposed, this);
        IPAddress loopback = server.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback;
        IPEndPoint wanted = options.LocalEndPoint ?? new IPEndPoint(loopback, 0);
        if (Network.TryBind(wanted) is not { } client)
        {
            throw new TransportException(TransportError.ConnectFailed, $"The local address {wanted} is taken (ConnectOptions.LocalEndPoint).");
        }

        return new MemoryHandshake(this, options, new MemoryLink(Network, client, server), tickets).Start(cancellationToken);
    }

    private void ThrowIfUnable(TransportOptions options)
    {
        Require(EngineCapabilities.InlineContinuations, options.InlineContinuations, "run continuations inline (TransportOptions.InlineContinuations)");
        Require(EngineCapabilities.KeyLog, options.KeyLogFile is not null, "write a key log (TransportOptions.KeyLogFile)");
        Require(EngineCapabilities.CongestionControlChoice, options.CongestionControl != CongestionControl.Cubic, "choose the congestion control (TransportOptions.CongestionControl)");
        Require(EngineCapabilities.Version2, !options.Versions.Contains(QuicVersion.Version1), "do without QUIC version 1 (TransportOptions.Versions)");
        Require(EngineCapabilities.Datagrams, options.Limits.MaxDatagramSize > 0, "take datagrams (TransportLimits.MaxDatagramSize)");
    }

    private void Require(EngineCapabilities capability, bool wanted, string what)
    {
        if (wanted && !Capabilities.HasFlag(capability))
        {
            throw new NotSupportedException($"The {Name} engine cannot {what}: it lacks {nameof(EngineCapabilities)}.{capability}.");
        }
    }
}
