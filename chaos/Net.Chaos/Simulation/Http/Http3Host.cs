using System.Buffers;
using System.IO.Pipelines;
using Net.Http3;
using Net.Http3.Interop;

namespace Net.Chaos.Simulation.Http;

/// <summary>The server's side of one HTTP/3 connection: critical streams, SETTINGS, GOAWAY, and requests of gRPC (RFC 9114). Frames and QPACK are those of Net.Http3.</summary>
/// <remarks>It is strict: what only a faulty client can send ends the simulation, as the client is the library itself.</remarks>
internal sealed class Http3Host : IDisposable
{
    private const long ControlStream = 0x00;
    private const long EncoderStream = 0x02;
    private const long DecoderStream = 0x03;
    private const int MaxFieldSectionSize = 16 << 10;
    private readonly SimulationWorld _world;
    private readonly SimulatedServer _server;
    private readonly int _tableCapacity;
    private readonly int _blockedStreams;
    private readonly QpackEncoder _encoder;
    private readonly HashSet<long> _seen = [];
    private TransportStream? _control;
    private TransportStream? _encoderStream;
    private TransportStream? _decoderStream;
    private long _nextId;
    private long _goAwayId = long.MaxValue;

    internal Http3Host(SimulationWorld world, SimulatedServer server, TransportConnection connection)
    {
        _world = world;
        _server = server;
        Connection = connection;

        // Without a table, with one that nobody may wait for, and with one that blocks.
        _tableCapacity = world.Random.Next(4) == 0 ? 0 : 4096;
        _blockedStreams = world.Random.Next(3) * 8;
        _encoder = new QpackEncoder(4096, bytes => WriteCritical(_encoderStream, bytes));
        Decoder = new QpackDecoder(_tableCapacity, _blockedStreams, bytes => WriteCritical(_decoderStream, bytes), world.Continuations);
    }

    internal TransportConnection Connection { get; }

    internal QpackDecoder Decoder { get; }

    /// <summary>Whether the client was told to go.</summary>
    internal bool IsGoingAway => _goAwayId != long.MaxValue;

    /// <summary>Serves until the connection is over.</summary>
    internal async Task ServeAsync(int life)
    {
        _control = await OpenAsync(ControlStream, WriteSettings).ConfigureAwait(false);
        _encoderStream = await OpenAsync(EncoderStream, static _ => { }).ConfigureAwait(false);
        _decoderStream = await OpenAsync(DecoderStream, static _ => { }).ConfigureAwait(false);
        if (_server.IsDraining)
        {
            GoAway();
        }

        while (true)
        {
            TransportStream stream = await Connection.AcceptStreamAsync().ConfigureAwait(false);
            if (stream.Direction == StreamDirection.Unidirectional)
            {
                _ = ReadPeerStreamAsync(stream);
                continue;
            }

            _nextId = Math.Max(_nextId, stream.Id + 4);
            if (stream.Id >= _goAwayId || _server.DrawsRejection())
            {
                _ = RejectAsync(stream);
            }
            else
            {
                _ = HandleAsync(stream, life);
            }
        }
    }

    /// <summary>Takes no request that has not come yet. The client closes the connection when its last one is over (RFC 9114, section 5.2).</summary>
    internal void GoAway()
    {
        if (IsGoingAway || _control is null)
        {
            return;
        }

        _goAwayId = _nextId;
        _server.GoAways++;
        _world.Trace.Note("goaway", _goAwayId, _server.Name);
        var frame = new ArrayBufferWriter<byte>();
        Span<byte> id = stackalloc byte[VariableLengthInteger.MaxSize];
        id = id[..VariableLengthInteger.Write(id, _goAwayId)];
        Http3Frame.WriteHeader(frame, Http3FrameType.GoAway, id.Length);
        frame.Write(id);
        WriteCritical(_control, frame.WrittenSpan);
    }

    /// <summary>Writes a HEADERS frame, without flushing.</summary>
    internal void WriteHeaders(TransportStream stream, HeaderFieldBuffer fields) => _encoder.WriteHeaders(stream.Id, fields, stream.Output);

    /// <summary>Ends the run: the client broke the protocol.</summary>
    internal void FailStrictly(string what) => _world.Fail(new SimulationException($"The client of {Connection.RemoteEndPoint} broke HTTP/3: {what}"));

    public void Dispose()
    {
        _encoder.Dispose();
        Decoder.Dispose();
    }

    private async Task<TransportStream> OpenAsync(long type, Action<PipeWriter> begin)
    {
        TransportStream stream = await Connection.OpenStreamAsync(StreamDirection.Unidirectional).ConfigureAwait(false);
        stream.Output.Advance(VariableLengthInteger.Write(stream.Output.GetSpan(VariableLengthInteger.MaxSize), type));
        begin(stream.Output);
        await stream.Output.FlushAsync().ConfigureAwait(false);
        return stream;
    }

    private void WriteSettings(PipeWriter output)
    {
        Span<byte> settings = stackalloc byte[6 * VariableLengthInteger.MaxSize];
        int size = 0;
        foreach (long value in (ReadOnlySpan<long>)[0x01, _tableCapacity, 0x06, MaxFieldSectionSize, 0x07, _blockedStreams])
        {
            size += VariableLengthInteger.Write(settings[size..], value);
        }

        Http3Frame.WriteHeader(output, Http3FrameType.Settings, size);
        output.Write(settings[..size]);
    }

    private static void WriteCritical(TransportStream? stream, ReadOnlySpan<byte> bytes)
    {
        try
        {
            stream!.Output.Write(bytes);
            _ = FlushAsync(stream);
        }
        catch (Exception exception) when (exception is TransportException or InvalidOperationException)
        {
            // The connection is over.
        }
    }

    private static async Task FlushAsync(TransportStream stream)
    {
        try
        {
            await stream.Output.FlushAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TransportException or InvalidOperationException)
        {
            // The connection is over.
        }
    }

    private async Task HandleAsync(TransportStream stream, int life)
    {
        using var exchange = new Http3HostExchange(_world, _server, this, stream, life);
        await exchange.RunAsync().ConfigureAwait(false);
    }

    private async Task RejectAsync(TransportStream stream)
    {
        _server.Rejected++;
        _world.Trace.Note("rejected", stream.Id, _server.Name);
        stream.Abort((long)Http3ErrorCode.RequestRejected);
        await stream.DisposeAsync().ConfigureAwait(false);

        // What it held of the client's table is given back (RFC 9204, section 2.2.2.2).
        Decoder.Release(new QpackFieldSection(stream.Id), streamWasRead: false);
    }

    private async Task ReadPeerStreamAsync(TransportStream stream)
    {
        try
        {
            await ReadPeerStreamCoreAsync(stream).ConfigureAwait(false);
        }
        catch (Http3ProtocolException violation)
        {
            FailStrictly(violation.Message);
        }
        catch (QpackException violation)
        {
            FailStrictly(violation.Message);
        }
        catch (TransportException exception) when (exception.Error == TransportError.StreamReset && !Connection.Closed.IsCompleted)
        {
            FailStrictly($"it reset its unidirectional stream {stream.Id}. {exception.Message}");
        }
        catch (Exception exception) when (exception is TransportException or ObjectDisposedException)
        {
            // The connection is over.
        }
        catch (Exception exception)
        {
            _world.Fail(exception);
        }
        finally
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task ReadPeerStreamCoreAsync(TransportStream stream)
    {
        var control = new ControlStreamReader(
            settings => _encoder.ApplyPeerSettings(settings.QpackTableCapacity, settings.QpackBlockedStreams), static _ => throw new NotSupportedException("Clients push nothing."));
        long? type = null;
        while (true)
        {
            ReadResult read = await stream.Input.ReadAsync().ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = read.Buffer;
            if (type is null && VariableLengthInteger.TryRead(buffer, out long known, out int size))
            {
                type = known;
                buffer = buffer.Slice(size);
                if (!_seen.Add(known) || known is not (ControlStream or EncoderStream or DecoderStream))
                {
                    FailStrictly($"it opened a stream of type 0x{known:x}, of which there is one already, or none at all.");
                }
            }

            switch (type)
            {
                case ControlStream:
                    control.Read(ref buffer);
                    break;
                case EncoderStream:
                    Decoder.ReadEncoderStream(buffer);
                    buffer = buffer.Slice(buffer.End);
                    break;
                case DecoderStream:
                    _encoder.ReadDecoderStream(buffer);
                    buffer = buffer.Slice(buffer.End);
                    break;
                default:
                    break;
            }

            stream.Input.AdvanceTo(buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                FailStrictly($"it ended its unidirectional stream {stream.Id}.");
                return;
            }
        }
    }
}
