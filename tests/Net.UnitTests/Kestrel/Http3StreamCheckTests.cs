using System.Buffers;
using Net.Server.Kestrel.Checking;
using Net.Testing;

namespace Net.UnitTests.Kestrel;

/// <summary>The check alone: the same verdict however the bytes are cut, and none for what is fine.</summary>
[TestClass]
public sealed class Http3StreamCheckTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Inspect_AnyCutOfAWrongStream_FindsTheSame()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        (byte[] Start, bool IsRequest, IEnumerable<TestDataRow<(byte[] Bytes, long Code)>> Rows)[] groups =
        [
            ([0, .. Http3Bytes.Frame(Http3Bytes.Settings, [])], false, ErrorMatrixTests.ControlRows),
            ([], false, ErrorMatrixTests.FirstFrameRows),
            ([], false, ErrorMatrixTests.StreamRows),
            ([], true, ErrorMatrixTests.RequestRows),
            ([], true, MalformedRequestTests.Rows.Select(static row => new TestDataRow<(byte[] Bytes, long Code)>((row.Value, MalformedRequestTests.MessageError)) { DisplayName = row.DisplayName })),
        ];
        int found = 0;
        foreach ((byte[] start, bool isRequest, IEnumerable<TestDataRow<(byte[] Bytes, long Code)>> rows) in groups)
        {
            foreach (TestDataRow<(byte[] Bytes, long Code)> row in rows)
            {
                byte[] bytes = [.. start, .. row.Value.Bytes];
                Http3Violation? whole = Run(bytes, isRequest, () => bytes.Length);
                found += whole is null ? 0 : 1;
                Assert.IsTrue(whole is null || whole.ErrorCode == row.Value.Code, $"{row.DisplayName}: {whole}");
                Assert.AreEqual(whole, Run(bytes, isRequest, static () => 1), row.DisplayName);
                for (int i = 0; i < 20; i++)
                {
                    Assert.AreEqual(whole, Run(bytes, isRequest, () => random.Next(1, 6)), row.DisplayName);
                }
            }
        }

        Assert.IsGreaterThan(100, found, "The check finds what Kestrel leaves to it.");
    }

    [TestMethod]
    public void Inspect_RequestsThatAreFine_FindsNothing()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < 2000; i++)
        {
            List<byte> bytes = [.. Http3Bytes.Request("POST", "/" + new string('x', random.Next(300)), ("name", new string('v', random.Next(20_000))))];
            for (int frames = random.Next(4); frames > 0; frames--)
            {
                byte[] payload = new byte[random.Next(400)];
                random.NextBytes(payload);
                bytes.AddRange(Http3Bytes.Frame(random.Next(3) == 0 ? 0x21 + (0x1f * random.Next(1000)) : Http3Bytes.Data, payload));
            }

            Assert.IsNull(Run([.. bytes], isRequest: true, () => random.Next(1, 5000), isEnd: true));
        }
    }

    [TestMethod]
    public void Inspect_PrioritiesInAnyCut_AreTold()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        byte[] request = Http3Bytes.Request("GET", "/", ("priority", "u=1"), ("accept", "*/*"), ("priority", "i"));
        byte[] control =
        [
            0, .. Http3Bytes.Frame(Http3Bytes.Settings, []),
            .. Http3Bytes.Frame(0xf0700, [.. Http3Bytes.Integer(400), .. "u=7, i"u8]),
            .. Http3Bytes.Frame(0xf0700, [.. Http3Bytes.Integer(8)]),
        ];
        for (int i = 0; i < 50; i++)
        {
            var ofRequest = new PriorityObserver();
            Assert.IsNull(Run(request, isRequest: true, () => random.Next(1, 6), isEnd: true, ofRequest));
            CollectionAssert.AreEqual((string[])["own 1 True"], ofRequest.Told);

            var ofControl = new PriorityObserver();
            Assert.IsNull(Run(control, isRequest: false, () => random.Next(1, 6), isEnd: false, ofControl));
            CollectionAssert.AreEqual((string[])["400 7 True", "8 3 False"], ofControl.Told);
        }
    }

    [TestMethod]
    public void Inspect_Garbage_NeverThrows()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            if (bytes.Length > 2 && random.Next(2) == 0)
            {
                // Mostly a known type, so that what follows it is looked at.
                bytes[0] = (byte)random.Next(5);
                bytes[1] = (byte)random.Next(64);
            }

            Run(bytes, random.Next(2) == 0, () => random.Next(1, 50), isEnd: true);
        }
    }

    [TestMethod]
    [DataRow(true, DisplayName = "by number")]
    [DataRow(false, DisplayName = "by size")]
    public void Inspect_FieldsOverTheLimit_AreLeftToKestrel(bool byNumber)
    {
        (string Name, string Value)[] excess = byNumber ? [.. Enumerable.Repeat(("x", "y"), 120)] : [("x", new string('y', 40_000))];
        byte[] over = Http3Bytes.Request("GET", "/", [.. excess, ("connection", "close")]);
        byte[] under = Http3Bytes.Request("GET", "/", [.. Enumerable.Repeat(("x", "y"), 90), ("connection", "close")]);

        Assert.IsNull(Run(over, isRequest: true, static () => 1000, isEnd: true));
        Assert.AreEqual(MalformedRequestTests.MessageError, Run(under, isRequest: true, static () => 1000, isEnd: true)?.ErrorCode);
    }

    [TestMethod]
    public void Inspect_ManySettings_EndsWhereMemoryWouldGrow()
    {
        List<byte> settings = [];
        for (int id = 100; id < 1000; id++)
        {
            settings.AddRange([.. Http3Bytes.Integer(id), 0]);
        }

        Assert.AreEqual(0x107, Run([0, .. Http3Bytes.Frame(Http3Bytes.Settings, [.. settings])], isRequest: false, static () => 7)?.ErrorCode);
    }

    private static Http3Violation? Run(byte[] bytes, bool isRequest, Func<int> nextLength, bool isEnd = false, IHttp3Observer? observer = null)
    {
        var check = new Http3StreamCheck(FieldSectionLimits.Default, observer);
        check.Begin(isRequest);
        for (int position = 0; position < bytes.Length;)
        {
            int length = Math.Min(nextLength(), bytes.Length - position);
            if (check.Inspect(new ReadOnlySequence<byte>(bytes, position, length)) is Http3Violation violation)
            {
                return violation;
            }

            position += length;
        }

        return isEnd ? check.InspectEnd() : null;
    }

    private sealed class PriorityObserver : IHttp3Observer
    {
        internal List<string> Told { get; } = [];

        public void HandlePriority(StreamPriority priority) => Told.Add($"own {priority.Urgency} {priority.Incremental}");

        public void HandlePriorityUpdate(long streamId, StreamPriority priority) => Told.Add($"{streamId} {priority.Urgency} {priority.Incremental}");
    }
}
