using System.Buffers;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Net.UnitTests.RawStreams;

/// <summary>Replays the examples and tables of protocol/net-1.md, so that text and code cannot drift apart.</summary>
[TestClass]
public sealed partial class SpecificationTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "protocol", "net-1.md"));

    public static IEnumerable<TestDataRow<(string Outcome, string Block)>> Examples =>
        Example().Matches(Text).Select(static match => new TestDataRow<(string, string)>((match.Groups[1].Value, match.Groups[2].Value))
        {
            DisplayName = $"line {Text[..match.Index].Count(static c => c == '\n') + 1}: {match.Groups[1].Value}",
        });

    [TestMethod]
    [DynamicData(nameof(Examples))]
    public void Example_OfTheSpecification_ReadsAndWritesAsItSays((string Outcome, string Block) example)
    {
        string[] lines = example.Block.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        byte[] bytes = Convert.FromHexString(string.Concat(
            lines.Where(static l => !l.StartsWith("--", StringComparison.Ordinal)).Select(static l => l.Split(';')[0].Replace(" ", "", StringComparison.Ordinal))));
        string[] said = lines.Where(static l => l.StartsWith("--", StringComparison.Ordinal)).Select(static l => l[2..].Trim()).ToArray();

        RawStreamHeaderStatus status = HeaderBytes.Read(bytes, RawStreamLimits.Default, out RawStreamHeader? header, out int rest);

        Assert.AreEqual(ExpectedStatus(example.Outcome), status);
        if (header is not null)
        {
            CollectionAssert.AreEqual(said, Describe(header, bytes.AsSpan(bytes.Length - rest)).ToArray());
        }

        if (example.Outcome == "accept")
        {
            Assert.AreEqual(Convert.ToHexString(bytes), Convert.ToHexString(HeaderBytes.Write(header!)));
        }
    }

    [TestMethod]
    public void Examples_OfTheSpecification_ShowEveryOutcome()
    {
        string outcomes = string.Join(' ', Example().Matches(Text).Select(static m => m.Groups[1].Value).Distinct().Order(StringComparer.Ordinal));

        Assert.AreEqual("HeaderTooLarge MalformedHeader NeedMore UnsupportedField accept decode-only", outcomes);
    }

    [TestMethod]
    public void ErrorCodes_TableOfTheSpecification_EqualsTheConstants()
    {
        string[] written = CodeRow().Matches(Text).Select(static m => $"{m.Groups[1].Value} {m.Groups[2].Value} {m.Groups[3].Value}").ToArray();

        string[] coded = typeof(RawStreamErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(static f => f.Name != nameof(RawStreamErrorCodes.FirstApplicationCode))
            .Select(static f => (f.Name, Code: (long)f.GetRawConstantValue()!))
            .OrderBy(static f => f.Code)
            .Select(static f => string.Create(CultureInfo.InvariantCulture, $"0x{f.Code:x2} {f.Name} {(RawStreamErrorCodes.MeansUnprocessed(f.Code) ? "yes" : "no")}"))
            .ToArray();

        CollectionAssert.AreEqual(coded, written);
        foreach (string row in written)
        {
            string[] parts = row.Split(' ');
            Assert.AreEqual(parts[1], RawStreamErrorCodes.GetName(Convert.ToInt64(parts[0], 16)));
        }

        Assert.IsNull(RawStreamErrorCodes.GetName(RawStreamErrorCodes.FirstApplicationCode));
        Assert.Contains($"from 0x{RawStreamErrorCodes.FirstApplicationCode:x} upward", Text);
    }

    [TestMethod]
    public void Limits_TableOfTheSpecification_EqualsTheDefaults()
    {
        RawStreamLimits limits = RawStreamLimits.Default;

        Assert.Contains($"| bytes of Body | {limits.MaxHeaderSize} |", Text);
        Assert.Contains($"| metadata entries | {limits.MaxMetadataCount} |", Text);
        Assert.Contains($"| bytes of all metadata names and values together | {limits.MaxMetadataSize} |", Text);
        Assert.Contains($"ALPN name `{RawStreamProtocol.ApplicationProtocol}`", Text);
    }

    private static RawStreamHeaderStatus ExpectedStatus(string outcome) => outcome switch
    {
        "accept" or "decode-only" => RawStreamHeaderStatus.Complete,
        "NeedMore" => RawStreamHeaderStatus.NeedMore,
        nameof(RawStreamErrorCodes.MalformedHeader) => RawStreamHeaderStatus.Malformed,
        nameof(RawStreamErrorCodes.HeaderTooLarge) => RawStreamHeaderStatus.TooLarge,
        nameof(RawStreamErrorCodes.UnsupportedField) => RawStreamHeaderStatus.UnsupportedField,
        _ => throw new FormatException($"The specification has an example with the unknown outcome '{outcome}'."),
    };

    private static List<string> Describe(RawStreamHeader header, ReadOnlySpan<byte> rest)
    {
        List<string> lines = [$"route {header.Route}"];
        if (header.Idempotency != Idempotency.NonIdempotent)
        {
            lines.Add($"idempotency {header.Idempotency}");
        }

        if (header.Deadline is TimeSpan deadline)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"deadline {deadline.TotalMicroseconds:0}"));
        }

        if (header.HasTraceContext)
        {
            lines.Add($"trace 00-{header.TraceContext.TraceId}-{header.TraceContext.SpanId}-{(int)header.TraceContext.TraceFlags:x2}");
        }

        if (header.TraceContext.TraceState is string state)
        {
            lines.Add($"state {state}");
        }

        lines.AddRange(header.Metadata.Select(static e => $"metadata {e.Name} {Convert.ToHexStringLower(e.Value.Span)}".TrimEnd()));
        if (!rest.IsEmpty)
        {
            lines.Add($"rest {Convert.ToHexStringLower(rest)}");
        }

        return lines;
    }

    [GeneratedRegex(@"```wire (\S+)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex(@"^\| (0x[0-9a-f]{2}) \| ([A-Za-z]+) \| (yes|no) \|", RegexOptions.Multiline)]
    private static partial Regex CodeRow();
}
