using System.Collections.Concurrent;
using System.Net.Quic;
using Net.MsQuic.Internal;

namespace Net.MsQuic;

/// <summary>The engine over System.Net.Quic, which drives Microsoft's MsQuic library.</summary>
/// <remarks>
/// <para>
/// On Windows 11 and Windows Server 2022 the library is part of .NET. On Linux it is the package <c>libmsquic</c>, 2.2.2 or later, from Microsoft's package archive
/// or the distribution's; on macOS the Homebrew formula <c>libmsquic</c>. <see cref="Support"/> says what is missing.
/// </para>
/// <para>
/// What System.Net.Quic has no API for is absent from <see cref="Capabilities"/>: resumption and 0-RTT, migration, datagrams, priorities, path statistics, PING,
/// choice of congestion control, key update and key log, QUIC version 2, close reasons, stateless reset and Retry settings, limits on abuse, an injected clock, and waiting
/// for the server's verdict on connect (<see cref="Net.EngineCapabilities.ConfirmedConnect"/>). Options that ask for these are refused with
/// <see cref="NotSupportedException"/>, where their own documentation does not say that they are ignored.
/// </para>
/// <para>
/// Receive windows are rounded down to powers of two. The library may double the window of a stream that is read fast, up to the window of the connection, and
/// System.Net.Quic holds up to 64 KiB of each stream beyond its window. On a server the number of streams that can be opened reads 0 until the first stream of
/// the connection has ended, although <see cref="TransportConnection.OpenStreamAsync"/> opens as many as the peer allows.
/// </para>
/// <para>
/// libmsquic 2.4.18 and 2.5.9, and maybe others since 2.4.1, end the process of a server that asks for client certificates when a client with a good one closes before it is judged (microsoft/msquic issue 6138,
/// mended by its change 5962). Nothing on this side of the library can prevent it: where clients are not to be trusted with the server's life, take a library that has the mend, or the other engine.
/// </para>
/// </remarks>
public sealed class MsQuicEngine : TransportEngine
{
    internal const string EngineName = "msquic";

    internal const EngineCapabilities EngineCapabilities = Net.EngineCapabilities.Listen | Net.EngineCapabilities.TlsPerHandshake;

    private readonly TimeProvider _timeProvider;
    private readonly CredentialCache _credentials = new();
    private readonly ConcurrentDictionary<object, Func<ValueTask>> _owned = [];
    private readonly BackgroundWork _connecting = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private Task? _disposing;

    /// <summary>Makes an engine. Nothing native is loaded before it is asked for <see cref="Support"/> or used.</summary>
    /// <param name="options">Settings; <c>null</c> for the defaults.</param>
    /// <exception cref="ArgumentException">The options are out of range.</exception>
    public MsQuicEngine(MsQuicEngineOptions? options = null)
    {
        options ??= new MsQuicEngineOptions();
        options.Validate();
        _timeProvider = options.TimeProvider;
    }

    /// <inheritdoc/>
    public override string Name => EngineName;

    /// <inheritdoc/>
    public override EngineSupport Support => MsQuicSupport.Current;

    /// <inheritdoc/>
    public override EngineCapabilities Capabilities => EngineCapabilities;

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            return new ValueTask(_disposing ??= DisposeCoreAsync());
        }
    }

    /// <inheritdoc/>
    protected override async ValueTask<TransportConnection> ConnectCoreAsync(ConnectOptions options, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
        if (!QuicConnection.IsSupported)
        {
            throw Missing();
        }

        MsQuicOptions.ThrowIfNotSupported(options);
        var connector = new MsQuicConnector(options, _credentials, _timeProvider, _connecting, gone => _owned.TryRemove(gone, out _));
        MsQuicConnection connection = await connector.ConnectAsync(_stopping.Token, cancellationToken).ConfigureAwait(false);
        bool isOwned = TryOwn(connection, connection.DisposeWithEngineAsync);
        connection.Start();
        if (!isOwned)
        {
            await connection.DisposeWithEngineAsync().ConfigureAwait(false);
        }

        ObjectDisposedException.ThrowIf(!isOwned, this);
        return connection;
    }

    /// <inheritdoc/>
    protected override async ValueTask<TransportListener> ListenCoreAsync(ListenOptions options, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
        cancellationToken.ThrowIfCancellationRequested();
        if (!QuicListener.IsSupported)
        {
            throw Missing();
        }

        MsQuicOptions.ThrowIfNotSupported(options);
        MsQuicListener listener = await MsQuicListener.BindAsync(options, _credentials, _timeProvider, gone => _owned.TryRemove(gone, out _)).ConfigureAwait(false);
        bool isOwned = TryOwn(listener, listener.DisposeAsync);
        if (!isOwned)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
        }

        ObjectDisposedException.ThrowIf(!isOwned, this);
        return listener;
    }

    private TransportException Missing() => new(TransportError.EngineMissing, $"The {EngineName} engine cannot run here: {Support.Reason}");

    /// <summary>Has something disposed with the engine.</summary>
    /// <returns><c>false</c> when the engine was disposed in between and may not have seen it: the caller disposes it.</returns>
    private bool TryOwn(object owned, Func<ValueTask> dispose)
    {
        _owned.TryAdd(owned, dispose);
        return !_stopping.IsCancellationRequested;
    }

    private async Task DisposeCoreAsync()
    {
        // Off the caller's lock.
        await Task.Yield();
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_owned.Values.Select(dispose => dispose().AsTask())).ConfigureAwait(false);
        await _connecting.DrainAsync().ConfigureAwait(false);
    }
}
