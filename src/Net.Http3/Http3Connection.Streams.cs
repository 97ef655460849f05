using System.Buffers;
using System.IO.Pipelines;
using Net.Http3.Interop;

namespace Net.Http3;

// The control and QPACK streams of both sides (RFC 9114, section 6.2; RFC 9204, section 4.2).
public sealed partial class Http3Connection
{
    private const long ControlStream = 0x00;
    private const long PushStream = 0x01;
    private const long EncoderStream = 0x02;
    private const long DecoderStream = 0x03;

    private TransportStream? _controlStream;
    private TransportStream? _encoderStream;
    private TransportStream? _decoderStream;
    private int _seenStreams;

    private async ValueTask OpenCriticalStreamsAsync(CancellationToken cancellationToken)
    {
        _controlStream = await OpenCriticalStreamAsync(WriteSettings, cancellationToken).ConfigureAwait(false);
        _encoderStream = await OpenCriticalStreamAsync(static (_, output) => WriteStreamType(output, EncoderStream), cancellationToken).ConfigureAwait(false);
        _decoderStream = await OpenCriticalStreamAsync(static (_, output) => WriteStreamType(output, DecoderStream), cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<TransportStream> OpenCriticalStreamAsync(Action<Http3Connection, PipeWriter> begin, CancellationToken cancellationToken)
    {
        // Sending these twice does no harm, so they may go with early data.
        TransportStream stream = await Connection.OpenStreamAsync(StreamDirection.Unidirectional, Idempotency.NoSideEffects, cancellationToken).ConfigureAwait(false);
        try
        {
            begin(this, stream.Output);
            await stream.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (TransportException exception) when (exception.Error == TransportError.StreamReset)
        {
            // The server has stopped it already; the watch over the stream sees that as well, and ends the connection with the right code.
        }

        return stream;
    }

    private static void WriteStreamType(PipeWriter output, long type) => output.Advance(VariableLengthInteger.Write(output.GetSpan(VariableLengthInteger.MaxSize), type));

    private static void WriteSettings(Http3Connection session, PipeWriter output)
    {
        Span<byte> settings = stackalloc byte[6 * VariableLengthInteger.MaxSize];
        int size = 0;
        Add(settings, 0x01, session.Options.QpackDecoderTableCapacity, ref size);
        Add(settings, 0x06, session.Options.MaxResponseHeadersSize, ref size);
        Add(settings, 0x07, session.Options.QpackBlockedStreams, ref size);
        WriteStreamType(output, ControlStream);
        Http3Frame.WriteHeader(output, Http3FrameType.Settings, size);
        output.Write(settings[..size]);

        static void Add(Span<byte> settings, long id, long value, ref int size)
        {
            size += VariableLengthInteger.Write(settings[size..], id);
            size += VariableLengthInteger.Write(settings[size..], value);
        }
    }

    // Called under the lock of the encoder or decoder, whose table bounds how much can be on its way unanswered: the flush never has to be waited for.
    private static void WriteCritical(TransportStream? stream, ReadOnlySpan<byte> bytes)
    {
        try
        {
            stream!.Output.Write(bytes);
            ValueTask<FlushResult> flush = stream.Output.FlushAsync();
            if (flush.IsCompleted)
            {
                _ = flush.GetAwaiter().GetResult();
            }
            else
            {
                _ = IgnoreAsync(flush);
            }
        }
        catch (Exception exception) when (exception is TransportException or InvalidOperationException)
        {
            // The connection is over, or about to be as the server stopped the stream; every request learns of it from its own stream.
        }
    }

    private static async Task IgnoreAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            await flush.ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TransportException or InvalidOperationException)
        {
            // As above.
        }
    }

    private void StartLoops()
    {
        // One for this method, so that a loop that ends at once is not taken for the last.
        BeginLoop();
        Connection.Draining += OnTransportDraining;
        if (Connection.IsDraining)
        {
            BeginDraining();
        }

        BeginLoop();
        _ = RunLoopAsync(WatchEndAsync());
        BeginLoop();
        _ = RunLoopAsync(AcceptStreamsAsync());
        WatchCriticalStreams();
        if (Connection.EarlyData == EarlyDataStatus.Pending)
        {
            BeginLoop();
            _ = RunLoopAsync(WatchEarlyDataAsync());
        }

        EndLoop();
    }

    private void BeginLoop() => Interlocked.Increment(ref _loops);

    private void EndLoop()
    {
        if (Interlocked.Decrement(ref _loops) == 0)
        {
            Options.Continuations.Complete(_loopsEnded);
        }
    }

    // Every loop ends with the connection, at the latest.
    private async Task RunLoopAsync(Task loop)
    {
        try
        {
            await loop.ConfigureAwait(false);
        }
        catch (Http3ProtocolException violation)
        {
            Fail(violation.Code, violation.Message);
        }
        catch (QpackException violation)
        {
            Fail(violation.ConnectionError, violation.Message);
        }
        catch (Exception exception) when (exception is TransportException or ObjectDisposedException)
        {
            // The connection is over, and Closed says how.
        }
        catch (Exception exception)
        {
            Http3Log.LoopFailed(Logger, Connection.Id, exception);
            Fail(Http3ErrorCode.InternalError, "The client failed.");
        }
        finally
        {
            EndLoop();
        }
    }

    private async Task WatchEndAsync()
    {
        await Connection.Closed.ConfigureAwait(false);
        lock (_lock)
        {
            _isClosed = true;
        }

        BeginDraining();

        // Nobody answers any more: sections that wait for the encoder stream are woken to find the connection over.
        Decoder.Dispose();
    }

    // Refused early data takes the control streams along (RFC 9001, section 4.6.2); requests that were sent early fail as safely retryable.
    private async Task WatchEarlyDataAsync()
    {
        await Connection.HandshakeCompletion.ConfigureAwait(false);
        if (Connection.EarlyData == EarlyDataStatus.Rejected)
        {
            Http3Log.EarlyDataRejected(Logger, Connection.Id);
            TransportStream?[] lost = [_controlStream, _encoderStream, _decoderStream];
            await OpenCriticalStreamsAsync(CancellationToken.None).ConfigureAwait(false);
            WatchCriticalStreams();
            foreach (TransportStream? stream in lost)
            {
                await stream!.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private void WatchCriticalStreams()
    {
        foreach (long type in (ReadOnlySpan<long>)[ControlStream, EncoderStream, DecoderStream])
        {
            BeginLoop();
            _ = RunLoopAsync(WatchCriticalStreamAsync(OwnStream(type)!, type));
        }
    }

    // STOP_SENDING takes from this side a stream that must last, as the end of one of the server's does (RFC 9114, section 6.2.1; RFC 9204, section 4.2).
    private async Task WatchCriticalStreamAsync(TransportStream stream, long type)
    {
        try
        {
            await stream.SendCompletion.ConfigureAwait(false);
        }
        catch (TransportException exception) when (exception.Error == TransportError.StreamReset && IsInUse(stream, type))
        {
            throw Http3ProtocolException.ForConnection(
                Http3ErrorCode.ClosedCriticalStream, $"The server stopped the client's {NameOf(type)} stream (STOP_SENDING), which must last as long as the connection.");
        }
    }

    // A stream that went with refused early data has a successor, and how streams end with their connection is no fault of the server's.
    private bool IsInUse(TransportStream stream, long type)
    {
        lock (_lock)
        {
            return !_isClosed && !Connection.Closed.IsCompleted && ReferenceEquals(stream, OwnStream(type));
        }
    }

    private TransportStream? OwnStream(long type) => type == ControlStream ? _controlStream : type == EncoderStream ? _encoderStream : _decoderStream;

    private async Task AcceptStreamsAsync()
    {
        while (true)
        {
            TransportStream stream = await Connection.AcceptStreamAsync().ConfigureAwait(false);
            if (stream.Direction == StreamDirection.Bidirectional)
            {
                stream.Abort((long)Http3ErrorCode.StreamCreationError);
                await stream.DisposeAsync().ConfigureAwait(false);
                throw Http3ProtocolException.ForConnection(
                    Http3ErrorCode.StreamCreationError, "The server opened a bidirectional stream, which HTTP/3 does not have (RFC 9114, section 6.1).");
            }

            BeginLoop();
            _ = RunLoopAsync(ReadPeerStreamAsync(stream));
        }
    }

    private async Task ReadPeerStreamAsync(TransportStream stream)
    {
        try
        {
            long? type = await ReadStreamTypeAsync(stream.Input).ConfigureAwait(false);
            switch (type)
            {
                case ControlStream:
                    await ReadControlStreamAsync(stream).ConfigureAwait(false);
                    break;
                case EncoderStream:
                    await ReadCriticalStreamAsync(stream, EncoderStream, (ref ReadOnlySequence<byte> bytes) =>
                    {
                        Decoder.ReadEncoderStream(bytes);
                        bytes = bytes.Slice(bytes.End);
                    }).ConfigureAwait(false);
                    break;
                case DecoderStream:
                    await ReadCriticalStreamAsync(stream, DecoderStream, (ref ReadOnlySequence<byte> bytes) =>
                    {
                        _encoder.ReadDecoderStream(bytes);
                        bytes = bytes.Slice(bytes.End);
                    }).ConfigureAwait(false);
                    break;
                case PushStream:
                    throw Http3ProtocolException.ForConnection(
                        Http3ErrorCode.IdError, "The server opened a push stream although this client never allowed a push (RFC 9114, section 4.6).");
                case not null:
                    stream.AbortRead((long)Http3ErrorCode.StreamCreationError);
                    break;
                default:
                    break;
            }
        }
        finally
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    // A stream may end before it said what it is (RFC 9114, section 6.2).
    private static async ValueTask<long?> ReadStreamTypeAsync(PipeReader input)
    {
        try
        {
            while (true)
            {
                ReadResult result = await input.ReadAsync().ConfigureAwait(false);
                if (VariableLengthInteger.TryRead(result.Buffer, out long type, out int size))
                {
                    input.AdvanceTo(result.Buffer.GetPosition(size));
                    return type;
                }

                input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                if (result.IsCompleted)
                {
                    return null;
                }
            }
        }
        catch (TransportException exception) when (exception.Error == TransportError.StreamReset)
        {
            return null;
        }
    }

    private Task ReadControlStreamAsync(TransportStream stream)
    {
        var reader = new ControlStreamReader(OnSettings, OnGoAway);
        return ReadCriticalStreamAsync(stream, ControlStream, reader.Read);
    }

    private async Task ReadCriticalStreamAsync(TransportStream stream, long type, ReadSome read)
    {
        if ((Interlocked.Or(ref _seenStreams, 1 << (int)type) & (1 << (int)type)) != 0)
        {
            throw Http3ProtocolException.ForConnection(Http3ErrorCode.StreamCreationError, $"The server opened a second {NameOf(type)} stream.");
        }

        try
        {
            while (true)
            {
                ReadResult result = await stream.Input.ReadAsync().ConfigureAwait(false);
                ReadOnlySequence<byte> buffer = result.Buffer;
                read(ref buffer);
                stream.Input.AdvanceTo(buffer.Start, result.Buffer.End);
                if (result.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (TransportException exception) when (exception.Error == TransportError.StreamReset)
        {
            // A reset ends the stream as a FIN does.
        }

        throw Http3ProtocolException.ForConnection(Http3ErrorCode.ClosedCriticalStream, $"The server ended its {NameOf(type)} stream, which must last as long as the connection.");
    }

    private static string NameOf(long type) => type == ControlStream ? "control" : type == EncoderStream ? "QPACK encoder" : "QPACK decoder";

    private void OnSettings(PeerSettings settings)
    {
        // Before they show: whoever sees them finds them in force.
        _encoder.ApplyPeerSettings(settings.QpackTableCapacity, settings.QpackBlockedStreams);
        Volatile.Write(ref _peerSettings, settings);
        Http3Log.SettingsReceived(Logger, Connection.Id, settings.MaxFieldSectionSize, settings.QpackTableCapacity, settings.QpackBlockedStreams);
    }

    private delegate void ReadSome(ref ReadOnlySequence<byte> bytes);
}
