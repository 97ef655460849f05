using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Net.Http3;
using Net.Http3.Interop;
using Net.Testing;

namespace Net.UnitTests.Http3;

/// <summary>One request as the hand-written server sees it.</summary>
internal sealed class ServerRequest(TransportStream stream, QpackDecoder decoder) : IHeaderFieldSink
{
    private readonly List<byte> _content = [];
    private readonly QpackFieldSection _section = new(stream.Id);

    internal TransportStream Stream { get; } = stream;

    /// <summary>All fields, those of trailers behind those of the headers.</summary>
    internal List<(string Name, string Value)> Fields { get; } = [];

    internal string Content => Encoding.UTF8.GetString([.. _content]);

    /// <summary>The lengths of the DATA frames that came.</summary>
    internal List<long> DataFrames { get; } = [];

    internal string? this[string name] => Fields.Where(f => f.Name == name).Select(f => f.Value).FirstOrDefault();

    public void OnField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Fields.Add((Encoding.Latin1.GetString(name), Encoding.Latin1.GetString(value)));

    /// <summary>Reads one frame.</summary>
    /// <returns>Its type, or <c>null</c> at the end of the stream.</returns>
    internal async Task<long?> ReadFrameAsync()
    {
        while (true)
        {
            ReadResult result = await Stream.Input.ReadAsync().WithTimeout();
            ReadOnlySequence<byte> buffer = result.Buffer;
            if (Http3Frame.TryReadHeader(ref buffer, out long type, out long length) && buffer.Length >= length)
            {
                byte[] payload = buffer.Slice(0, length).ToArray();
                Stream.Input.AdvanceTo(buffer.GetPosition(length));
                Take(type, payload);
                return type;
            }

            Stream.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
            {
                Assert.IsTrue(result.Buffer.IsEmpty, "the request ended inside a frame");
                return null;
            }
        }
    }

    /// <summary>Reads until the client's FIN.</summary>
    internal async Task<ServerRequest> ReadToEndAsync()
    {
        while (await ReadFrameAsync() is not null)
        {
        }

        return this;
    }

    /// <summary>Writes bytes and flushes them.</summary>
    internal async Task WriteAsync(params byte[][] pieces)
    {
        foreach (byte[] piece in pieces)
        {
            await Stream.Output.WriteAsync(piece).WithTimeout();
        }
    }

    /// <summary>Writes bytes and ends the response.</summary>
    internal async Task FinishAsync(params byte[][] pieces)
    {
        await WriteAsync(pieces);
        await Stream.Output.CompleteAsync();
    }

    private void Take(long type, byte[] payload)
    {
        if (type == 0x01)
        {
            Assert.AreEqual(QpackReadResult.End, decoder.Read(_section, new ReadOnlySequence<byte>(payload), isLast: true, this, out _));
        }
        else if (type == 0x00)
        {
            DataFrames.Add(payload.Length);
            _content.AddRange(payload);
        }
    }
}
