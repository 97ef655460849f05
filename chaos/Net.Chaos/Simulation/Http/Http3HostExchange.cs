using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Net.Grpc;
using Net.Http3;
using Net.Http3.Interop;

namespace Net.Chaos.Simulation.Http;

/// <summary>One request on a simulated host, from its stream to the gRPC code of Net.Grpc and back.</summary>
internal sealed class Http3HostExchange : GrpcServerExchange, IHeaderFieldSink, IDisposable
{
    private const string ContentType = "application/grpc";
    private static readonly PipeOptions Inline = new(null, PipeScheduler.Inline, PipeScheduler.Inline, 0, 0, useSynchronizationContext: false);
    private readonly SimulationWorld _world;
    private readonly SimulatedServer _server;
    private readonly Http3Host _host;
    private readonly TransportStream _stream;
    private readonly int _life;
    private readonly Pipe _content = new(Inline);
    private readonly CancellationTokenSource _aborted = new();
    private readonly List<(string Name, string Value)> _request = [];
    private readonly List<(string Name, string Value)> _headers = [];
    private readonly List<(string Name, string Value)> _trailers = [];
    private readonly QpackFieldSection _section;
    private readonly Http3HostOutput _output;
    private readonly TaskCompletionSource<bool> _head = new();
    private bool _areHeadersSent;
    private bool _isFinished;
    private bool _wasRead;

    internal Http3HostExchange(SimulationWorld world, SimulatedServer server, Http3Host host, TransportStream stream, int life)
    {
        _world = world;
        _server = server;
        _host = host;
        _stream = stream;
        _life = life;
        _section = new QpackFieldSection(stream.Id);
        _output = new Http3HostOutput(this);
    }

    internal override PipeReader Input => _content.Reader;

    internal override PipeWriter Output => _output;

    internal override CancellationToken Aborted => _aborted.Token;

    internal override string PeerAddress => ((IPEndPoint)_host.Connection.RemoteEndPoint).Address.ToString();

    internal override int PeerPort => ((IPEndPoint)_host.Connection.RemoteEndPoint).Port;

    internal override string? Authority => GetRequestHeader(":authority");

    internal override X509Certificate2? ClientCertificate => _host.Connection.PeerCertificate;

    internal override IServiceProvider? Services => null;

    internal override object? Host => this;

    /// <summary>Whether the request came in early data.</summary>
    internal bool IsEarly => _stream.IsEarlyData;

    /// <summary>Whether the process that began with it still runs.</summary>
    internal bool IsAlive => _life == _server.Life;

    /// <summary>Serves the request. Never throws.</summary>
    internal async Task RunAsync()
    {
        _server.Running++;
        Task pump = PumpAsync();
        Task watch = WatchSendingAsync();
        try
        {
            if (await _head.Task.ConfigureAwait(false))
            {
                await ServeAsync().ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is TransportException or InvalidOperationException)
        {
            // The caller or the connection is gone.
            _stream.Abort((long)Http3ErrorCode.InternalError);
        }
        catch (Exception exception)
        {
            _world.Fail(exception);
        }

        _server.Running--;
        _stream.AbortRead((long)Http3ErrorCode.NoError);
        await _stream.DisposeAsync().ConfigureAwait(false);
        await pump.ConfigureAwait(false);
        await watch.ConfigureAwait(false);
        _host.Decoder.Release(_section, _wasRead);
    }

    public void Dispose() => _aborted.Dispose();

    /// <summary>Resets the stream with a code.</summary>
    internal void Reset(Http3ErrorCode code) => _stream.Abort((long)code);

    public void OnField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => _request.Add((Encoding.Latin1.GetString(name), Encoding.Latin1.GetString(value)));

    internal override string? GetRequestHeader(string name)
    {
        string[] values = [.. _request.Where(f => f.Name == name).Select(static f => f.Value)];
        return values.Length == 0 ? null : string.Join(',', values);
    }

    internal override void CopyRequestHeaders(GrpcMetadata target)
    {
        foreach ((string name, string value) in _request)
        {
            target.AddReceived(name, value);
        }
    }

    internal override void AppendResponseHeader(string name, string value) => _headers.Add((name, value));

    internal override void AppendTrailer(string name, string value) => _trailers.Add((name, value));

    internal override void Abort() => Reset(Http3ErrorCode.RequestCancelled);

    /// <summary>Sends headers, what is left of the content, and the trailers, once.</summary>
    internal override async Task CompleteResponseAsync()
    {
        if (_isFinished)
        {
            return;
        }

        _isFinished = true;
        await SendAsync(_output.Take(), CancellationToken.None).ConfigureAwait(false);
        if (_trailers.Count > 0)
        {
            WriteFields(_trailers);
        }

        await _stream.Output.CompleteAsync().ConfigureAwait(false);
    }

    /// <summary>Sends content, behind the headers.</summary>
    internal ValueTask<FlushResult> SendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (!_areHeadersSent)
        {
            _areHeadersSent = true;
            WriteFields([(":status", "200"), ("content-type", ContentType), .. _headers]);
        }

        if (!content.IsEmpty)
        {
            Http3Frame.WriteHeader(_stream.Output, Http3FrameType.Data, content.Length);
            _stream.Output.Write(content.Span);
        }

        return _stream.Output.FlushAsync(cancellationToken);
    }

    private async Task ServeAsync()
    {
        if (!IsAlive)
        {
            throw new InvalidOperationException("The process is gone.");
        }

        GrpcServerMethod<SimulatedEcho>? method = SimulatedEcho.Find(GetRequestHeader(":path"));
        if (method is null || GetRequestHeader(":method") != "POST" || GetRequestHeader(":scheme") != "https" || Authority is null
            || GetRequestHeader("te") != "trailers" || GetRequestHeader("content-type") != ContentType)
        {
            _host.FailStrictly($"the request on stream {_stream.Id} is no call of gRPC: {string.Join(", ", _request)}");
            return;
        }

        await method.ServeAsync(this, exchange => new SimulatedEcho(_world, _server, (Http3HostExchange)exchange), _server.GrpcOptions).ConfigureAwait(false);
        await CompleteResponseAsync().ConfigureAwait(false);
        await _stream.SendCompletion.ConfigureAwait(false);
    }

    private void WriteFields(List<(string Name, string Value)> fields)
    {
        var buffer = new HeaderFieldBuffer();
        foreach ((string name, string value) in fields)
        {
            buffer.Add(name, value);
        }

        _host.WriteHeaders(_stream, buffer);
    }

    private async Task WatchSendingAsync()
    {
        try
        {
            await _stream.SendCompletion.ConfigureAwait(false);
        }
        catch (TransportException)
        {
            // The client wants no answer, or the connection is over.
            _world.Continuations.Cancel(_aborted);
        }
    }

    private async Task PumpAsync()
    {
        Exception? failure = null;
        try
        {
            await ReadFramesAsync().ConfigureAwait(false);
            _wasRead = true;
        }
        catch (QpackException exception)
        {
            failure = exception;
            _host.FailStrictly(exception.Message);
        }
        catch (Exception exception) when (exception is TransportException or ObjectDisposedException)
        {
            failure = exception as TransportException ?? new TransportException(TransportError.ConnectionClosed, "The connection is over.", exception);
            _world.Continuations.Cancel(_aborted);
        }
        catch (Exception exception)
        {
            failure = exception;
            _world.Fail(exception);
        }

        await _content.Writer.CompleteAsync(failure).ConfigureAwait(false);
        _head.TrySetResult(false);
    }

    private async Task ReadFramesAsync()
    {
        bool hasHead = false;
        while (true)
        {
            ReadResult read = await _stream.Input.ReadAsync().ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = read.Buffer;
            bool hasContent = false;
            while (TryTakeFrame(ref buffer, out long type, out ReadOnlySequence<byte> payload))
            {
                if (type == Http3FrameType.Headers && !hasHead)
                {
                    await DecodeAsync(payload).ConfigureAwait(false);
                    hasHead = true;
                }
                else if (type == Http3FrameType.Data && hasHead)
                {
                    _content.Writer.Write(payload.ToArray());
                    hasContent = true;
                }
                else
                {
                    _host.FailStrictly(string.Create(CultureInfo.InvariantCulture, $"a frame of type 0x{type:x} came on stream {_stream.Id} where it must not."));
                }
            }

            bool endsInside = read.IsCompleted && !buffer.IsEmpty;
            _stream.Input.AdvanceTo(buffer.Start, read.Buffer.End);
            if (endsInside || (read.IsCompleted && !hasHead))
            {
                _host.FailStrictly($"stream {_stream.Id} ended inside a frame, or before its headers.");
            }

            if (hasHead)
            {
                _head.TrySetResult(true);
            }

            if (hasContent)
            {
                await _content.Writer.FlushAsync().ConfigureAwait(false);
            }

            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    // A frame at a time: requests of a simulation are small.
    private static bool TryTakeFrame(ref ReadOnlySequence<byte> buffer, out long type, out ReadOnlySequence<byte> payload)
    {
        ReadOnlySequence<byte> rest = buffer;
        payload = default;
        if (!Http3Frame.TryReadHeader(ref rest, out type, out long length) || rest.Length < length)
        {
            return false;
        }

        payload = rest.Slice(0, length);
        buffer = rest.Slice(length);
        return true;
    }

    private async Task DecodeAsync(ReadOnlySequence<byte> payload)
    {
        while (true)
        {
            QpackReadResult result = _host.Decoder.Read(_section, payload, isLast: true, this, out long consumed);
            payload = payload.Slice(consumed);
            switch (result)
            {
                case QpackReadResult.End:
                    return;
                case QpackReadResult.Blocked:
                    _server.Blocked++;
                    await _section.Progress!.Task.ConfigureAwait(false);
                    break;
                default:
                    _host.FailStrictly($"the headers on stream {_stream.Id} end inside a field.");
                    return;
            }
        }
    }
}
