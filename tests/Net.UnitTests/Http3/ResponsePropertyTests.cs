using System.Buffers;
using Net.Http3;
using Net.Http3.Interop;
using Net.Testing;
using Net.UnitTests.Ngtcp2.Interop;

namespace Net.UnitTests.Http3;

/// <summary>Responses made at random: a right one comes out as it was put in, and one wrong field makes it malformed (RFC 9114, section 4).</summary>
[TestClass]
public sealed class ResponsePropertyTests
{
    private const int Rounds = 2000;
    private const string NameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public void RequireLibrary()
    {
        if (!Http3Connection.Support.IsSupported)
        {
            NativeRequirement.Missing(Http3Connection.Support.Reason!);
        }
    }

    [TestMethod]
    public void ResponseReader_AnyRightResponse_GivesItsFieldsAndItsContent()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < Rounds; round++)
        {
            (string Name, string Value)[] fields = Fields(random, "x-");
            (string Name, string Value)[] trailers = Fields(random, "t-");
            byte[] content = new byte[random.Next(3) == 0 ? 0 : random.Next(200)];
            random.NextBytes(content);
            int status = random.Next(200, 600);
            bool hasContent = status is not (204 or 304);
            bool hasLength = hasContent && random.Next(2) == 0;
            List<byte> bytes = [];
            for (int i = random.Next(3); i > 0; i--)
            {
                bytes.AddRange(FrameBytes.Headers((":status", random.Next(2) == 0 ? "103" : "100"), ("link", "</a>")));
            }

            bytes.AddRange(FrameBytes.Headers([(":status", $"{status}"), .. fields, .. hasLength ? [("content-length", $"{content.Length}")] : Array.Empty<(string, string)>()]));
            AddContent(bytes, hasContent ? content : [], random);
            if (trailers.Length > 0)
            {
                bytes.AddRange(FrameBytes.Headers(trailers));
            }

            HttpResponseMessage response = Read([.. bytes], random, out byte[] read);

            Assert.AreEqual(status, (int)response.StatusCode, $"round {round}");
            Assert.AreSequenceEqual(hasContent ? content : [], read, $"round {round}");
            Assert.AreSequenceEqual(Joined(fields), Joined(response.Headers.NonValidated.SelectMany(static h => h.Value.Select(v => (h.Key, v)))), $"round {round}");
            Assert.AreSequenceEqual(Joined(trailers), Joined(response.TrailingHeaders.NonValidated.SelectMany(static h => h.Value.Select(v => (h.Key, v)))), $"round {round}");
        }
    }

    [TestMethod]
    public void ResponseReader_AnyResponseWithOneWrongField_IsMalformed()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < Rounds; round++)
        {
            List<(string Name, string Value)> fields = [(":status", "200"), .. Fields(random, "x-")];
            int at = random.Next(1, fields.Count + 1);
            (string Name, string Value) wrong = WrongField(random);
            fields.Insert(at, wrong);

            Http3ProtocolException exception = Assert.ThrowsExactly<Http3ProtocolException>(() => Read(FrameBytes.Headers([.. fields]), random, out _), wrong.ToString());

            Assert.AreEqual(Http3ErrorCode.MessageError, exception.Code, wrong.ToString());
            Assert.IsFalse(exception.EndsConnection, "A malformed response ends its stream alone.");
        }
    }

    private static (string Name, string Value) WrongField(Random random)
    {
        string name = Text(random, NameCharacters, random.Next(1, 10));
        string value = Value(random);
        int at = random.Next(name.Length + 1);
        return random.Next(6) switch
        {
            0 => (name.Insert(at, $"{(char)random.Next('A', 'Z' + 1)}"), value),
            1 => (name.Insert(at, $"{" \t\r\n\0\"(),/;<=>?@[]{}\\\u00fc"[random.Next(22)]}"), value),
            2 => ("x" + name, value.Insert(random.Next(value.Length + 1), $"{"\0\r\n"[random.Next(3)]}")),
            3 => (new[] { "connection", "transfer-encoding", "keep-alive", "upgrade", "proxy-connection" }[random.Next(5)], value),
            4 => (":" + name, value),
            _ => ("content-length", new[] { "", "-1", "1 ", "0x1", "1,1", "99999999999999999999", "+1", "1.0" }[random.Next(8)]),
        };
    }

    private static (string Name, string Value)[] Fields(Random random, string begin) =>
        [.. Enumerable.Range(0, random.Next(6)).Select(_ => (begin + Text(random, NameCharacters, random.Next(10)), Value(random)))];

    // Anything in Latin-1 but what would end a field.
    private static string Value(Random random) => new([.. Enumerable.Range(0, random.Next(20)).Select(_ => (char)random.Next(0x21, 0x100))]);

    private static string Text(Random random, string characters, int length) => new([.. Enumerable.Range(0, length).Select(_ => characters[random.Next(characters.Length)])]);

    private static void AddContent(List<byte> bytes, byte[] content, Random random)
    {
        for (int sent = 0; sent < content.Length;)
        {
            int size = random.Next(content.Length - sent + 1);
            bytes.AddRange(FrameBytes.Frame(0x00, content.AsSpan(sent, size)));
            sent += size;
            if (random.Next(4) == 0)
            {
                bytes.AddRange(FrameBytes.Frame(0x21 + (0x1f * random.NextInt64(1000)), new byte[random.Next(10)]));
            }
        }
    }

    private static string[] Joined(IEnumerable<(string Name, string Value)> fields) =>
        [.. fields.GroupBy(static f => f.Name, StringComparer.Ordinal).Select(static g => $"{g.Key}: {string.Join("\n", g.Select(static f => f.Value))}").Order(StringComparer.Ordinal)];

    // As a stream does: what is not consumed is offered again with more behind it.
    private static HttpResponseMessage Read(byte[] bytes, Random random, out byte[] content)
    {
        using var decoder = new QpackDecoder(0, 0, static _ => { });
        var head = new ResponseHead(null!, new HttpRequestMessage(HttpMethod.Get, "https://localhost/"), 64 << 10, 16);
        var reader = new ResponseReader(decoder, 0, head, 64 << 10);
        using var read = new MemoryStream();
        byte[] destination = new byte[random.Next(1, 40)];
        int consumed = 0;
        int available = 0;
        try
        {
            while (true)
            {
                var buffer = new ReadOnlySequence<byte>(bytes, consumed, available - consumed);
                ResponseEvent found = reader.Advance(ref buffer, available == bytes.Length, destination, out int written);
                consumed = available - (int)buffer.Length;
                read.Write(destination, 0, written);
                if (found == ResponseEvent.End)
                {
                    content = read.ToArray();
                    return head.Response!;
                }

                if (found == ResponseEvent.NeedMore)
                {
                    Assert.IsLessThan(bytes.Length, available, "more was asked for behind the end");
                    available = Math.Min(bytes.Length, available + random.Next(1, 30));
                }
            }
        }
        finally
        {
            decoder.Release(reader.Section, reader.IsOver);
        }
    }
}
