using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Net.Server.Kestrel;

/// <summary>One QUIC stream as Kestrel sees it. An instance is used again for a later stream of the same connection, with what Kestrel keeps in <see cref="State"/>.</summary>
/// <remarks>
/// Kestrel's order at the end: completes both pipes, <see cref="DisposeAsync"/>, takes the stream off its list, <see cref="Dispose"/>. The instance may be handed out again
/// only after the last of these, and only when nothing of the old stream can call back any more: <see cref="_watch"/> is over. A request that Kestrel rejects while it shuts down
/// gets no more than an abort and <see cref="DisposeAsync"/>; it is told from the others by not having asked to be told of its end.
/// </remarks>
internal sealed partial class TransportStreamContext : ConnectionContext, IDisposable
{
    private readonly TransportConnectionContext _connection;
    private readonly FeatureCollection _features;
    private readonly TransportStreamInput _input;
    private readonly TransportStreamOutput _output;
    private readonly Lock _lock = new();
    private TransportStream _stream = null!;
    private IDictionary<object, object?>? _items;
    private string? _connectionId;
    private CancellationTokenSource? _closedSource;
    private List<(Action<object?> Callback, object? State)>? _onClosed;
    private Task _watch = Task.CompletedTask;
    private bool _isClosed;
    private TaskCompletionSource? _closedTold;
    private bool _isClosedTold;
    private TaskCompletionSource? _sendOverTold;
    private bool _isSendOver;
    private bool _isSendOverTold;
    private bool _isInputOver;
    private bool _isServed;
    private bool _canServeAgain;
    private int _isReleased;

    /// <summary>Makes a context.</summary>
    /// <param name="connection">Its connection.</param>
    /// <param name="isControlStream">Whether it is for the control stream that Kestrel opens.</param>
    internal TransportStreamContext(TransportConnectionContext connection, bool isControlStream = false)
    {
        _connection = connection;
        LocalEndPoint = connection.LocalEndPoint;
        RemoteEndPoint = connection.RemoteEndPoint;
        _input = new TransportStreamInput(this);
        _output = new TransportStreamOutput(this) { IsControlStream = isControlStream };
        Transport = new Pipes(_input, _output);

        // Chained: Kestrel looks for the connection's TLS feature on the stream.
        _features = new FeatureCollection(connection.Features);
        _features.Set<IStreamDirectionFeature>(this);
        _features.Set<IStreamIdFeature>(this);
        _features.Set<IProtocolErrorCodeFeature>(this);
        _features.Set<IStreamAbortFeature>(this);
        _features.Set<IStreamClosedFeature>(this);
        _features.Set<IPersistentStateFeature>(this);
        _features.Set<IConnectionIdFeature>(this);
        _features.Set<IConnectionItemsFeature>(this);
        _features.Set<IConnectionLifetimeFeature>(this);
        _features.Set<ITransportStreamFeature>(this);
        _features.Set<IRequestLifeFeature>(this);
    }

    public override string ConnectionId
    {
        get => _connectionId ??= string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{_connection.ConnectionId}:{StreamId:X8}");
        set => _connectionId = value;
    }

    public override IFeatureCollection Features => _features;

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public override IDuplexPipe Transport { get; set; }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    /// <summary>Cancelled when the stream is over in both directions. Made when first asked for.</summary>
    public override CancellationToken ConnectionClosed
    {
        get
        {
            CancellationTokenSource source;
            lock (_lock)
            {
                source = _closedSource ??= new CancellationTokenSource();
                if (!_isClosed)
                {
                    return source.Token;
                }
            }

            source.Cancel();
            return source.Token;
        }

        set => throw new NotSupportedException("The transport tells when its stream is over.");
    }

    /// <summary>Begins with a stream, which the context disposes in the end.</summary>
    internal void Begin(TransportStream stream)
    {
        _stream = stream;
        _items = null;
        _connectionId = null;
        _closedSource = null;
        _onClosed?.Clear();
        _sendOverTold = _closedTold = null;
        _isClosed = _isClosedTold = _isSendOver = _isSendOverTold = _isInputOver = _isServed = _canServeAgain = false;
        _isReleased = 0;
        BeginAborts();
        BeginRate();
        _input.Begin(stream.Input, isRequest: stream.Direction == StreamDirection.Bidirectional);
        _output.Begin(stream.Output);
        _watch = WatchAsync(stream);
    }

    /// <summary>Notes that a read has returned the peer's FIN or a failure.</summary>
    internal void HandleInputEnded() => _isInputOver = true;

    /// <summary>Ends what Kestrel left open and waits until the peer has acknowledged the FIN, or the stream was given up: the connection may be closed right after.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask DisposeAsync()
    {
        _input.Complete();
        _output.Complete();
        await _stream.DisposeAsync().ConfigureAwait(false);
        bool isWatched = CanWrite && BeginSendWait();
        try
        {
            if (_input.HasSeenEnd && !IsAborted)
            {
                // Everything has come and will be acknowledged, so that this ends as soon as the sending side does, and the context can serve again.
                await _watch.ConfigureAwait(false);
            }
            else
            {
                await _stream.SendCompletion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            if (isWatched)
            {
                EndSendWait();
            }
        }

        await base.DisposeAsync().ConfigureAwait(false);
        _canServeAgain = CanRead && CanWrite && _watch.IsCompletedSuccessfully && _input.HasSeenEnd && !IsAborted && _stream.SendCompletion.IsCompletedSuccessfully;
        if (!_isServed)
        {
            Dispose();
        }
    }

    /// <summary>Ends the use of this instance for its stream; called by Kestrel last of all.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isReleased, 1) == 0)
        {
            _connection.Release(this, isRequest: CanRead && CanWrite, _canServeAgain);
        }
    }

    /// <summary>Frees the stream of a context that Kestrel never disposes: its own control stream.</summary>
    internal ValueTask DisposeStreamAsync() => _stream.DisposeAsync();

    /// <summary>Tells that the stream is over. Always on the thread pool, never inside a pipe: what is told takes Kestrel's locks.</summary>
    private async Task WatchAsync(TransportStream stream)
    {
        const ConfigureAwaitOptions onThreadPool = ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing;
        Task sending = stream.SendCompletion;
        await sending.ConfigureAwait(onThreadPool);
        HandleSendOver(sending);
        if (!stream.Completion.IsCompleted)
        {
            await stream.Completion.ConfigureAwait(onThreadPool);
        }

        TellClosed();
    }

    /// <summary>Completes when Kestrel has been told what it is to be told of a sending side that has failed. Ends soon: it waits for nothing but a thread.</summary>
    internal Task WhenSendOverTold()
    {
        lock (_lock)
        {
            return _isSendOverTold ? Task.CompletedTask : (_sendOverTold ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <inheritdoc/>
    public Task WhenClosedTold()
    {
        lock (_lock)
        {
            return _isClosedTold ? Task.CompletedTask : (_closedTold ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private void HandleSendOver(Task sending)
    {
        if (sending.IsFaulted && sending.Exception.InnerException is TransportException failure)
        {
            NotePeerAbort(failure);
        }

        bool isOver;
        lock (_lock)
        {
            _isSendOver = true;
            isOver = _isInputOver;
        }

        if (isOver)
        {
            TellClosed();
        }

        TaskCompletionSource? told;
        lock (_lock)
        {
            _isSendOverTold = true;
            told = _sendOverTold;
        }

        told?.SetResult();
    }

    private void TellClosed()
    {
        List<(Action<object?> Callback, object? State)>? callbacks;
        CancellationTokenSource? source;
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;

            // Nothing is added from now on, and nothing is taken out until the context serves again, which waits for the watch that this belongs to.
            callbacks = _onClosed;
            source = _closedSource;
        }

        if (callbacks is not null)
        {
            foreach ((Action<object?> callback, object? state) in callbacks)
            {
                Tell(callback, state);
            }
        }

        if (source is not null)
        {
            Tell(static source => ((CancellationTokenSource)source!).Cancel(), source);
        }

        TaskCompletionSource? told;
        lock (_lock)
        {
            _isClosedTold = true;
            told = _closedTold;
        }

        told?.SetResult();
    }

    /// <summary>Calls what somebody has registered. What that throws must keep nobody else from being told, who may wait for it.</summary>
    private void Tell(Action<object?> callback, object? state)
    {
        try
        {
            callback(state);
        }
        catch (Exception exception)
        {
            ServerLog.StreamEndCallbackFailed(_connection.Logger, _connection.ConnectionId, StreamId, exception);
        }
    }

    private sealed class Pipes(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
