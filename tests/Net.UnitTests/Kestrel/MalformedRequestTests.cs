using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Net.Testing;

namespace Net.UnitTests.Kestrel;

/// <summary>
/// Malformed requests, row by row (RFC 9114, sections 4.1.2 to 4.3.1 and 10.3): the stream is reset with H3_MESSAGE_ERROR, no handler takes it for a request that came whole, and the connection goes
/// on with what is asked beside it.
/// </summary>
[TestClass]
public sealed class MalformedRequestTests
{
    internal const long MessageError = 0x10e;

    private static readonly byte[] Get = Http3Bytes.Request("GET", "/");

    private static MemorySite s_site = null!;

    /// <summary>What is wrong, and the bytes of the whole request stream.</summary>
    public static IEnumerable<TestDataRow<byte[]>> Rows =>
    [
        .. PseudoHeaderRows,
        .. FieldRows,
        .. ContentLengthRows,
    ];

    private static IEnumerable<TestDataRow<byte[]>> PseudoHeaderRows =>
    [
        Row("no :method (4.3.1)", Http3Bytes.Fields((":scheme", "https"), (":authority", "localhost"), (":path", "/"))),
        Row("no :scheme (4.3.1)", Http3Bytes.Fields((":method", "GET"), (":authority", "localhost"), (":path", "/"))),
        Row("no :path (4.3.1)", Http3Bytes.Fields((":method", "GET"), (":scheme", "https"), (":authority", "localhost"))),
        Row("an empty :path (4.3.1)", Http3Bytes.Request("GET", "")),
        Row("neither :authority nor host (4.3.1)", Http3Bytes.Fields((":method", "GET"), (":scheme", "https"), (":path", "/"))),
        Row("an empty :authority (4.3.1)", Http3Bytes.Fields((":method", "GET"), (":scheme", "https"), (":authority", ""), (":path", "/"))),
        Row("an empty host (4.3.1)", Http3Bytes.Fields((":method", "GET"), (":scheme", "https"), (":path", "/"), ("host", ""))),
        Row(":authority and another host (4.3.1)", Http3Bytes.Request("GET", "/", ("host", "example.com"))),
        Row(":authority and a host that is longer (4.3.1)", Http3Bytes.Request("GET", "/", ("host", "localhost:1"))),
        Row(":method twice (4.3)", Http3Bytes.Request("GET", "/", (":method", "GET"))),
        Row(":scheme twice (4.3)", Http3Bytes.Request("GET", "/", (":scheme", "https"))),
        Row(":authority twice (4.3)", Http3Bytes.Request("GET", "/", (":authority", "localhost"))),
        Row(":path twice (4.3)", Http3Bytes.Request("GET", "/", (":path", "/"))),
        Row("a pseudo-header after a header (4.3)", Http3Bytes.Fields((":method", "GET"), (":scheme", "https"), ("x", "y"), (":path", "/"))),
        Row("an unknown pseudo-header (4.3)", Http3Bytes.Request("GET", "/", (":new", "1"))),
        Row("a pseudo-header without name (4.3)", Http3Bytes.Request("GET", "/", (":", "1"))),
        Row("a pseudo-header of responses (4.3)", Http3Bytes.Request("GET", "/", (":status", "200"))),
        Row("a pseudo-header in the trailers (4.3)", [.. Get, .. Http3Bytes.Fields((":path", "/"))]),
        Row("CONNECT with :path (4.4)", Http3Bytes.Request("CONNECT", "/")),
        Row("CONNECT without :authority (4.4)", Http3Bytes.Fields((":method", "CONNECT"))),
    ];

    private static IEnumerable<TestDataRow<byte[]>> FieldRows =>
    [
        Row("a name in capitals (4.2)", Http3Bytes.Request("GET", "/", ("Upper", "1"))),
        Row("a name in capitals in the trailers (4.2)", [.. Get, .. Http3Bytes.Fields(("Upper", "1"))]),
        Row("a field without name (10.3)", Http3Bytes.Request("GET", "/", ("", "1"))),
        Row("a space in a name (10.3)", Http3Bytes.Request("GET", "/", ("a b", "1"))),
        Row("a colon in a name (10.3)", Http3Bytes.Request("GET", "/", ("a:b", "1"))),
        Row("CR in a name (10.3)", Http3Bytes.Request("GET", "/", ("a\rb", "1"))),
        Row("LF in a name (10.3)", Http3Bytes.Request("GET", "/", ("a\nb", "1"))),
        Row("NUL in a name (10.3)", Http3Bytes.Request("GET", "/", ("a\0b", "1"))),
        Row("CR in a value (10.3)", Http3Bytes.Request("GET", "/", ("x", "a\rb"))),
        Row("LF in a value (10.3)", Http3Bytes.Request("GET", "/", ("x", "a\nb"))),
        Row("NUL in a value (10.3)", Http3Bytes.Request("GET", "/", ("x", "a\0b"))),
        Row("CR and LF in a value of a known header (10.3)", Http3Bytes.Request("GET", "/", ("accept", "a\r\nb: c"))),
        Row("NUL in :path (10.3)", Http3Bytes.Request("GET", "/\0")),
        Row("CR in a value in the trailers (10.3)", [.. Get, .. Http3Bytes.Fields(("x", "a\rb"))]),
        Row("NUL in a name in the trailers (10.3)", [.. Get, .. Http3Bytes.Fields(("a\0b", "1"))]),
        Row("CR in a value with Huffman coding (10.3)", WithHuffmanValue((0x79, 7), (0x3ffffffd, 30))),
        Row("LF in a value with Huffman coding (10.3)", WithHuffmanValue((0x79, 7), (0x3ffffffc, 30))),
        Row("NUL in a value with Huffman coding (10.3)", WithHuffmanValue((0x79, 7), (0x1ff8, 13))),
        Row("connection (4.2)", Http3Bytes.Request("GET", "/", ("connection", "close"))),
        Row("keep-alive (4.2)", Http3Bytes.Request("GET", "/", ("keep-alive", "timeout=5"))),
        Row("proxy-connection (4.2)", Http3Bytes.Request("GET", "/", ("proxy-connection", "keep-alive"))),
        Row("transfer-encoding (4.2)", Http3Bytes.Request("GET", "/", ("transfer-encoding", "chunked"))),
        Row("upgrade (4.2)", Http3Bytes.Request("GET", "/", ("upgrade", "websocket"))),
        Row("te with more than trailers (4.2)", Http3Bytes.Request("GET", "/", ("te", "gzip"))),
    ];

    private static IEnumerable<TestDataRow<byte[]>> ContentLengthRows =>
    [
        Row("less DATA than content-length (4.1.2)", [.. Post("5"), .. Http3Bytes.Frame(Http3Bytes.Data, [1, 2, 3])]),
        Row("no DATA but content-length (4.1.2)", Post("5")),
        Row("more DATA than content-length (4.1.2)", [.. Post("2"), .. Http3Bytes.Frame(Http3Bytes.Data, [1, 2, 3])]),
        Row("a second DATA past content-length (4.1.2)", [.. Post("2"), .. Http3Bytes.Frame(Http3Bytes.Data, [1, 2]), .. Http3Bytes.Frame(Http3Bytes.Data, [3])]),
        Row("DATA though content-length is zero (4.1.2)", [.. Post("0"), .. Http3Bytes.Frame(Http3Bytes.Data, [1])]),
        Row("less DATA than content-length before trailers (4.1.2)", [.. Post("5"), .. Http3Bytes.Frame(Http3Bytes.Data, [1]), .. Http3Bytes.Fields(("x", "y"))]),
        Row("two content-lengths (RFC 9110, 8.6)", Http3Bytes.Request("POST", "/", ("content-length", "1"), ("content-length", "2"))),
        Row("a content-length of letters (RFC 9110, 8.6)", Post("five")),
        Row("a content-length below zero (RFC 9110, 8.6)", Post("-1")),
        Row("a content-length with a sign (RFC 9110, 8.6)", Post("+1")),
        Row("a content-length that is empty (RFC 9110, 8.6)", Post("")),
        Row("a content-length past 2^63 (RFC 9110, 8.6)", Post("99999999999999999999")),
        Row("a list of content-lengths that differ (RFC 9110, 8.6)", Post("1, 2")),
    ];

    [ClassInitialize]
    public static async Task StartAsync(TestContext context) => s_site = await MemorySite.StartAsync(static application => application.Map("/", static async context =>
    {
        await context.Request.Body.CopyToAsync(Stream.Null);
        await context.Response.WriteAsync("served");
    }));

    [ClassCleanup]
    public static async Task StopAsync() => await s_site.DisposeAsync();

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public async Task MalformedRequest_EndsAlone(byte[] bytes)
    {
        await using Http3Peer peer = await s_site.ConnectAsync();
        Http3Exchange exchange = await peer.OpenAsync();

        await exchange.SendAsync(bytes, end: true);

        Assert.AreEqual(MessageError, await exchange.ReadResetAsync());
        Assert.AreEqual(200, (await peer.GetAsync("/")).Status);
    }

    private static TestDataRow<byte[]> Row(string what, byte[] bytes) => new(bytes) { DisplayName = what };

    private static byte[] Post(string contentLength) => Http3Bytes.Request("POST", "/", ("content-length", contentLength));

    /// <summary>A request with a header whose value has Huffman coding (RFC 7541, appendix B).</summary>
    private static byte[] WithHuffmanValue(params (uint Code, int Bits)[] symbols)
    {
        string bits = string.Concat(symbols.Select(static symbol => Convert.ToString(symbol.Code, 2).PadLeft(symbol.Bits, '0')));
        bits = bits.PadRight((bits.Length + 7) / 8 * 8, '1');
        byte[] value = [.. bits.Chunk(8).Select(static octet => Convert.ToByte(new string(octet), 2))];
        byte[] plain = Get[2..];
        return Http3Bytes.Frame(Http3Bytes.Headers, [.. plain, 0x21, (byte)'x', (byte)(0x80 | value.Length), .. value]);
    }
}
