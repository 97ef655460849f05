using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Net.IntegrationTests.Interop;

/// <summary>Just enough HTTP/3 to fetch a file and to serve one (RFC 9114), with QPACK's static table and literals only (RFC 9204), written by hand for these tests.</summary>
internal static class Http3
{
    /// <summary>Name for the handshake.</summary>
    public const string Protocol = "h3";

    private const int PieceLength = 5000;
    private const byte DataFrame = 0x00;
    private const byte HeadersFrame = 0x01;
    private const byte SettingsFrame = 0x04;
    private const byte ControlStream = 0x00;

    // Static table of RFC 9204, appendix A.
    private const int StaticAuthority = 0;
    private const int StaticPath = 1;
    private const int StaticContentLength = 4;
    private const int StaticMethodGet = 17;
    private const int StaticSchemeHttps = 23;
    private const int StaticStatus200 = 25;
    private const int MaxStringLength = 1000;
    private static readonly Dictionary<int, int> StaticStatuses = new()
    {
        [24] = 103, [25] = 200, [26] = 304, [27] = 404, [28] = 503, [63] = 100, [64] = 204, [65] = 206, [66] = 302, [67] = 400, [68] = 403, [69] = 421, [70] = 425, [71] = 500,
    };

    /// <summary>Opens the control stream, with no settings: no dynamic table, so that the peer's fields need none either.</summary>
    public static async Task<TransportStream> OpenControlStreamAsync(TransportConnection connection, Idempotency idempotency = Idempotency.NonIdempotent)
    {
        TransportStream control = await connection.OpenStreamAsync(StreamDirection.Unidirectional, idempotency);
        await control.Output.WriteAsync(new byte[] { ControlStream, SettingsFrame, 0 });
        return control;
    }

    /// <summary>Reads what the peer sends on its control and QPACK streams, until the connection is over.</summary>
    public static async Task DrainPeerStreamsAsync(TransportConnection connection)
    {
        try
        {
            while (true)
            {
                _ = DrainAsync(await connection.AcceptStreamAsync());
            }
        }
        catch (TransportException)
        {
            // The connection is over.
        }
    }

    /// <summary>Fetches a path.</summary>
    /// <returns>The status and the body.</returns>
    public static async Task<(int Status, byte[] Body)> GetAsync(TransportConnection connection, string path, Idempotency idempotency = Idempotency.NonIdempotent)
    {
        await using TransportStream stream = await connection.OpenStreamAsync(StreamDirection.Bidirectional, idempotency);
        List<byte> fields = [0, 0, 0xc0 | StaticMethodGet, 0xc0 | StaticSchemeHttps];
        AddLiteral(fields, StaticAuthority, "localhost");
        AddLiteral(fields, StaticPath, path);
        await stream.Output.WriteAsync(Frame(HeadersFrame, [.. fields]));
        await stream.Output.CompleteAsync();
        return ReadResponse(await StreamApplication.ReadAllAsync(stream.Input));
    }

    /// <summary>Serves every request of a connection with the same body.</summary>
    /// <param name="pause">Is awaited between the pieces of each body.</param>
    public static async Task ServeAsync(TransportConnection connection, byte[] body, Func<TransportStream, Task>? pause = null)
    {
        List<Task> streams = [];
        try
        {
            await using TransportStream control = await OpenControlStreamAsync(connection, Idempotency.Idempotent);
            while (true)
            {
                TransportStream stream = await connection.AcceptStreamAsync();
                streams.Add(stream.CanWrite ? AnswerAsync(stream, body, pause) : DrainAsync(stream));
            }
        }
        catch (TransportException)
        {
            await Task.WhenAll(streams);
        }
    }

    private static async Task AnswerAsync(TransportStream stream, byte[] body, Func<TransportStream, Task>? pause)
    {
        await using (stream)
        {
            try
            {
                byte[] request = await StreamApplication.ReadAllAsync(stream.Input);
                Assert.AreEqual(HeadersFrame, request[0], "a request begins with its HEADERS");
                List<byte> fields = [0, 0, 0xc0 | StaticStatus200];
                AddLiteral(fields, StaticContentLength, body.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
                await stream.Output.WriteAsync(Frame(HeadersFrame, [.. fields]));
                for (int sent = 0; sent < body.Length; sent += PieceLength)
                {
                    await stream.Output.WriteAsync(Frame(DataFrame, body.AsSpan(sent, Math.Min(PieceLength, body.Length - sent))));
                    if (pause is not null)
                    {
                        await pause(stream);
                    }
                }

                await stream.Output.CompleteAsync();
                await stream.SendCompletion;
            }
            catch (TransportException)
            {
                // The client has gone; what it got is looked at where it should have come.
            }
        }
    }

    private static async Task DrainAsync(TransportStream stream)
    {
        await using (stream)
        {
            try
            {
                while (true)
                {
                    ReadResult result = await stream.Input.ReadAsync();
                    stream.Input.AdvanceTo(result.Buffer.End);
                    if (result.IsCompleted)
                    {
                        return;
                    }
                }
            }
            catch (TransportException)
            {
                // The connection is over.
            }
        }
    }

    private static byte[] Frame(byte type, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[1 + VariableLengthInteger.GetSize(payload.Length) + payload.Length];
        frame[0] = type;
        int size = VariableLengthInteger.Write(frame.AsSpan(1), payload.Length);
        payload.CopyTo(frame.AsSpan(1 + size));
        return frame;
    }

    // Literal field line with a name of the static table, value without Huffman code (RFC 9204, section 4.5.4).
    private static void AddLiteral(List<byte> fields, int name, string value)
    {
        fields.Add((byte)(0x50 | name));
        Assert.IsLessThan(0x7f, value.Length, "longer values need a longer length");
        fields.Add((byte)value.Length);
        fields.AddRange(Encoding.ASCII.GetBytes(value));
    }

    private static (int Status, byte[] Body) ReadResponse(ReadOnlySpan<byte> response)
    {
        int status = 0;
        using MemoryStream body = new();
        while (!response.IsEmpty)
        {
            byte type = response[0];
            Assert.IsTrue(VariableLengthInteger.TryRead(response[1..], out long length, out int size), "the response ends inside a frame's length");
            ReadOnlySpan<byte> payload = response.Slice(1 + size, (int)length);
            if (type == HeadersFrame && status == 0)
            {
                status = ReadStatus(payload);
            }
            else if (type == DataFrame)
            {
                body.Write(payload);
            }

            response = response[(1 + size + (int)length)..];
        }

        return (status, body.ToArray());
    }

    private static int ReadStatus(ReadOnlySpan<byte> fields)
    {
        Assert.AreEqual(0, fields[0], "the server may not use a dynamic table");
        fields = fields[2..];
        while (!fields.IsEmpty)
        {
            if ((fields[0] & 0x80) != 0)
            {
                Assert.AreEqual(0x40, fields[0] & 0x40, "the server may not use a dynamic table");
                if (StaticStatuses.TryGetValue(ReadInteger(ref fields, 6), out int status))
                {
                    return status;
                }
            }
            else if ((fields[0] & 0x40) != 0)
            {
                ReadInteger(ref fields, 4);
                SkipString(ref fields, 7);
            }
            else
            {
                SkipString(ref fields, 3);
                SkipString(ref fields, 7);
            }
        }

        throw new AssertFailedException("The response has no :status of the static table.");
    }

    private static void SkipString(ref ReadOnlySpan<byte> fields, int prefixBits)
    {
        int length = ReadInteger(ref fields, prefixBits);
        Assert.IsLessThan(MaxStringLength, length);
        fields = fields[length..];
    }

    // A prefixed integer (RFC 7541, section 5.1).
    private static int ReadInteger(ref ReadOnlySpan<byte> fields, int prefixBits)
    {
        int mask = (1 << prefixBits) - 1;
        int value = fields[0] & mask;
        fields = fields[1..];
        for (int shift = 0; value >= mask && shift < 28; shift += 7)
        {
            byte next = fields[0];
            fields = fields[1..];
            value += (next & 0x7f) << shift;
            if ((next & 0x80) == 0)
            {
                break;
            }
        }

        return value;
    }
}
