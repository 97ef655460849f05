using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;

namespace Net.IntegrationTests.Interop;

/// <summary>What the other end did to a stream: a reset of its sending, or a stop of its reading.</summary>
internal sealed record StreamAbort(bool IsReset, long Code);

/// <summary>The small application that both ends of the interop tests speak over raw streams; tests/peers/quiche/application.js describes it.</summary>
internal sealed class StreamApplication(TransportConnection connection)
{
    /// <summary>Name for the handshake.</summary>
    public const string Protocol = "net-interop";

    private readonly Channel<StreamAbort> _aborts = Channel.CreateUnbounded<StreamAbort>();
    private readonly Channel<byte[]> _answers = Channel.CreateUnbounded<byte[]>();

    public TransportConnection Connection { get; } = connection;

    /// <summary>Aborts by the peer on the streams that this end serves.</summary>
    public ChannelReader<StreamAbort> Aborts => _aborts.Reader;

    /// <summary>What came back on unidirectional streams.</summary>
    public ChannelReader<byte[]> Answers => _answers.Reader;

    /// <summary>Whether a stream that was served carried early data.</summary>
    public bool SawEarlyData { get; private set; }

    /// <summary>Serves the peer's streams until the connection is over.</summary>
    public async Task ServeAsync()
    {
        List<Task> streams = [];
        try
        {
            while (true)
            {
                streams.Add(ServeStreamAsync(await Connection.AcceptStreamAsync()));
            }
        }
        catch (TransportException)
        {
            await Task.WhenAll(streams);
        }
    }

    public async Task EchoDatagramsAsync()
    {
        try
        {
            while (true)
            {
                Connection.TrySendDatagram((await Connection.ReceiveDatagramAsync()).Span);
            }
        }
        catch (TransportException)
        {
            // The connection is over.
        }
    }

    public static async Task<byte[]> ReadAllAsync(PipeReader input)
    {
        using MemoryStream all = new();
        await input.CopyToAsync(all);
        return all.ToArray();
    }

    public static async Task<byte[]> ReadAtLeastAsync(PipeReader input, int count)
    {
        ReadResult result = await input.ReadAtLeastAsync(count);
        byte[] bytes = result.Buffer.ToArray();
        input.AdvanceTo(result.Buffer.End);
        return bytes;
    }

    /// <summary>A request: what to do, a code where one is due, and the rest.</summary>
    public static byte[] Request(char kind, uint? code, ReadOnlySpan<byte> rest)
    {
        byte[] bytes = new byte[1 + (code is null ? 0 : 4) + rest.Length];
        bytes[0] = (byte)kind;
        if (code is uint value)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(1), value);
        }

        rest.CopyTo(bytes.AsSpan(bytes.Length - rest.Length));
        return bytes;
    }

    private async Task ServeStreamAsync(TransportStream stream)
    {
        await using (stream)
        {
            try
            {
                ReadResult first = await stream.Input.ReadAtLeastAsync(1);
                char kind = first.Buffer.IsEmpty ? '\0' : (char)first.Buffer.FirstSpan[0];
                SawEarlyData |= stream.IsEarlyData;
                stream.Input.AdvanceTo(first.Buffer.GetPosition(first.Buffer.IsEmpty ? 0 : 1));
                await AnswerAsync(stream, kind);
            }
            catch (TransportException)
            {
                // The connection is over, or the peer aborted a stream whose abort no test looks at.
            }
        }
    }

    private async Task AnswerAsync(TransportStream stream, char kind)
    {
        switch (kind)
        {
            case 'e':
                await EchoAsync(stream);
                break;
            case 'd':
                await AnswerDigestAsync(stream, await ReadAllAsync(stream.Input));
                break;
            case 'b':
                await stream.Output.WriteAsync(await AskBackAsync(await ReadAllAsync(stream.Input)));
                await stream.Output.CompleteAsync();
                break;
            case 'r':
                stream.AbortWrite(await ReadCodeAsync(stream));
                break;
            case 's':
                stream.AbortRead(await ReadCodeAsync(stream));
                await stream.Output.CompleteAsync();
                break;
            case 'c':
                byte[] all = await ReadAllAsync(stream.Input);
                await Connection.CloseAsync(BinaryPrimitives.ReadUInt32BigEndian(all), Encoding.UTF8.GetString(all.AsSpan(4)));
                break;
            case 'a':
                _answers.Writer.TryWrite(await ReadAllAsync(stream.Input));
                break;
            default:
                throw new InvalidOperationException($"The peer asked for '{kind}', which does not exist.");
        }
    }

    private async Task EchoAsync(TransportStream stream)
    {
        while (true)
        {
            ReadResult result;
            try
            {
                result = await stream.Input.ReadAsync();
            }
            catch (TransportException exception) when (exception is { Error: TransportError.StreamReset, ApplicationErrorCode: long code })
            {
                _aborts.Writer.TryWrite(new StreamAbort(IsReset: true, code));
                stream.AbortWrite(code);
                return;
            }

            try
            {
                foreach (ReadOnlyMemory<byte> segment in result.Buffer)
                {
                    await stream.Output.WriteAsync(segment);
                }
            }
            catch (TransportException exception) when (exception is { Error: TransportError.StreamReset, ApplicationErrorCode: long code })
            {
                _aborts.Writer.TryWrite(new StreamAbort(IsReset: false, code));
                stream.AbortRead(code);
                return;
            }

            stream.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                await stream.Output.CompleteAsync();
                return;
            }
        }
    }

    private async Task AnswerDigestAsync(TransportStream stream, byte[] data)
    {
        byte[] digest = SHA256.HashData(data);
        if (stream.Direction == StreamDirection.Bidirectional)
        {
            await stream.Output.WriteAsync(digest);
            await stream.Output.CompleteAsync();
            return;
        }

        await using TransportStream answer = await Connection.OpenStreamAsync(StreamDirection.Unidirectional);
        await answer.Output.WriteAsync(Request('a', null, digest));
        await answer.Output.CompleteAsync();
    }

    private async Task<byte[]> AskBackAsync(byte[] data)
    {
        await using TransportStream stream = await Connection.OpenStreamAsync(StreamDirection.Bidirectional);
        await stream.Output.WriteAsync(Request('d', null, data));
        await stream.Output.CompleteAsync();
        return await ReadAllAsync(stream.Input);
    }

    private static async Task<uint> ReadCodeAsync(TransportStream stream)
    {
        ReadResult result = await stream.Input.ReadAtLeastAsync(4);
        uint code = BinaryPrimitives.ReadUInt32BigEndian(result.Buffer.Slice(0, 4).ToArray());
        stream.Input.AdvanceTo(result.Buffer.GetPosition(4));
        return code;
    }
}
