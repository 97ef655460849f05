using System.IO.Pipelines;
using System.Text;
using Net.Testing;

namespace Net.UnitTests.Kestrel;

/// <summary>One stream of a hand-made HTTP/3 client.</summary>
internal sealed class Http3Exchange(TransportStream stream)
{
    private readonly List<byte> _unread = [];
    private bool _hasEnded;

    internal TransportStream Stream => stream;

    internal async Task SendAsync(byte[] bytes, bool end = false)
    {
        await stream.Output.WriteAsync(bytes).WithTimeout();
        if (end)
        {
            await stream.Output.CompleteAsync();
        }
    }

    internal Task SendDataAsync(byte[] payload, bool end = false) => SendAsync(Http3Bytes.Frame(Http3Bytes.Data, payload), end);

    internal Task SendDataAsync(string payload, bool end = false) => SendDataAsync(Encoding.UTF8.GetBytes(payload), end);

    /// <summary>The next frame, or <c>null</c> at the peer's FIN.</summary>
    /// <exception cref="TransportException">The peer reset the stream, or the connection is over.</exception>
    internal async Task<(long Type, byte[] Payload)?> ReadFrameAsync()
    {
        while (true)
        {
            int position = 0;
            if (Http3Bytes.TryReadInteger(_unread, ref position, out long type) && Http3Bytes.TryReadInteger(_unread, ref position, out long length)
                && _unread.Count - position >= length)
            {
                byte[] payload = [.. _unread.GetRange(position, (int)length)];
                _unread.RemoveRange(0, position + (int)length);
                return (type, payload);
            }

            if (_hasEnded)
            {
                Assert.IsEmpty(_unread, "the stream ended inside a frame");
                return null;
            }

            await FillAsync();
        }
    }

    /// <summary>The type of a unidirectional stream.</summary>
    internal async Task<long> ReadStreamTypeAsync()
    {
        while (true)
        {
            int position = 0;
            if (Http3Bytes.TryReadInteger(_unread, ref position, out long type))
            {
                _unread.RemoveRange(0, position);
                return type;
            }

            Assert.IsFalse(_hasEnded, "the stream ended before its type");
            await FillAsync();
        }
    }

    internal async Task<Dictionary<string, string>> ReadHeadersAsync()
    {
        (long type, byte[] payload) = await ReadFrameAsync() ?? throw new AssertFailedException("The response ended before its headers.");
        Assert.AreEqual(Http3Bytes.Headers, type);
        return Http3Bytes.ReadFields(payload);
    }

    /// <summary>The whole response.</summary>
    internal async Task<Http3Response> ReadResponseAsync()
    {
        Dictionary<string, string> headers = await ReadHeadersAsync();
        List<byte> body = [];
        Dictionary<string, string>? trailers = null;
        while (await ReadFrameAsync() is (long type, byte[] payload))
        {
            if (type == Http3Bytes.Data)
            {
                body.AddRange(payload);
            }
            else
            {
                Assert.AreEqual(Http3Bytes.Headers, type);
                trailers = Http3Bytes.ReadFields(payload);
            }
        }

        return new Http3Response(int.Parse(headers[":status"], System.Globalization.CultureInfo.InvariantCulture), headers, [.. body], trailers);
    }

    /// <summary>Reads until the peer resets.</summary>
    /// <returns>Its code.</returns>
    internal async Task<long?> ReadResetAsync()
    {
        try
        {
            while (await ReadFrameAsync() is not null)
            {
            }
        }
        catch (TransportException exception) when (exception.Error == TransportError.StreamReset)
        {
            return exception.ApplicationErrorCode;
        }

        throw new AssertFailedException("The stream ended with FIN, not with a reset.");
    }

    private async Task FillAsync()
    {
        ReadResult read = await stream.Input.ReadAsync().WithTimeout();
        foreach (ReadOnlyMemory<byte> segment in read.Buffer)
        {
            _unread.AddRange(segment.Span);
        }

        stream.Input.AdvanceTo(read.Buffer.End);
        _hasEnded = read.IsCompleted;
    }
}

/// <summary>What a request brought.</summary>
internal sealed record Http3Response(int Status, Dictionary<string, string> Headers, byte[] Body, Dictionary<string, string>? Trailers)
{
    internal string Text => Encoding.UTF8.GetString(Body);
}
