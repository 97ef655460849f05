using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Net.Server.Kestrel.Checking;
using Net.Testing;

namespace Net.UnitTests.Kestrel;

/// <summary>The priority header against the grammar of structured fields, written down a second time as a regular expression (RFC 9651, sections 3 and 4.2; RFC 9218, section 4).</summary>
[TestClass]
public sealed partial class PriorityFieldPropertyTests
{
    private const string Key = @"[a-z*][a-z0-9_\-.*]*";
    private const string Integer = @"-?[0-9]{1,15}";
    private const string Bare =
        @"(?:-?[0-9]{1,12}\.[0-9]{1,3}(?![0-9.])|" + Integer + @"(?![0-9.])|""(?:[ !\x23-\x5b\x5d-~]|\\[""\\])*""|[A-Za-z*][!#$%&'*+\-.^_`|~:/0-9A-Za-z]*|:[A-Za-z0-9+/=]*:|\?[01]|@" + Integer + @"(?![0-9.])|%""(?<display>(?:[ !\x23\x24\x26-~]|%[0-9a-f]{2})*)"")";

    private const string Parameters = @"(?:; *" + Key + "(?:=" + Bare + ")?)*";
    private const string InnerList = @"\((?: *" + Bare + Parameters + @"(?: +" + Bare + Parameters + @")*)? *\)";
    private const string Member = Key + "(?:=(?:" + Bare + "|" + InnerList + "))?" + Parameters;

    // How many of the pieces, the last ones, are no members.
    private const int OutOfPlace = 19;

    private static readonly string[] Pieces =
    [
        "u", "i", "u=0", "u=1", "u=7", "u=8", "u=-1", "u=5", "i=?0", "i=?1", "i=1", "u=?1", "u=3.0", "u=tok", "u=(1 2)", "i=()", "x", "a-b.c*", "x=1", "x=-12.5", "x=123456789012345", "x=1234567890123456",
        "x=\"a, b\"", "x=\"\\\"\"", "x=:YWI=:", "x=@5", "x=%\"%c3%a9\"", "x=%\"%c3\"", "x=%\"f%20f\"", "x=(\"a\";q=1 b:c);z", "x=( 1  2 )", "*=a/b",
        ", ", ",", ", ", " ,\t", ", ", ";", ";a", "; b=1", ";c=?0", " ", "\t", "=", "(", ")", "\"", ":", "?", "-", ".",
    ];

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Value_OfAnyText_IsThatOfTheGrammar()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int valid = 0;
        int changed = 0;
        const int rounds = 30_000;
        for (int round = 0; round < rounds; round++)
        {
            string text = RandomText(random);
            StreamPriority? expected = Expect(text);
            StreamPriority? read = Read(random, text);
            Assert.AreEqual(expected, read, $"'{text}'");
            valid += expected is null ? 0 : 1;
            changed += expected is { } priority && priority != PriorityField.Default ? 1 : 0;
        }

        TestContext.WriteLine($"{valid} of {rounds} were dictionaries, {changed} said something.");
        Assert.IsGreaterThan(rounds / 10, changed);
        Assert.IsGreaterThan(rounds / 10, rounds - valid);
    }

    [GeneratedRegex("^ *(?:" + Member + @"(?:[ \t]*,[ \t]*" + Member + @")*[ \t]*)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Dictionary { get; }

    [GeneratedRegex(@"\G[ \t]*,?[ \t]*(?<key>" + Key + ")(?:=(?<value>" + Bare + "|" + InnerList + "))?" + Parameters, RegexOptions.CultureInvariant)]
    private static partial Regex NextMember { get; }

    [GeneratedRegex("%[0-9a-f]{2}", RegexOptions.CultureInvariant)]
    private static partial Regex HexPair { get; }

    private static string RandomText(Random random)
    {
        var text = new StringBuilder();
        for (int members = random.Next(5); members >= 0; members--)
        {
            // Mostly members with commas between them; now and then a piece out of place.
            text.Append(Pieces[random.Next(random.Next(8) == 0 ? Pieces.Length : Pieces.Length - OutOfPlace)]);
            text.Append(members == 0 ? "" : random.Next(12) == 0 ? Pieces[random.Next(Pieces.Length)] : random.Next(3) == 0 ? " , " : ", ");
        }

        for (int changes = random.Next(4) == 0 ? random.Next(1, 3) : 0; changes > 0; changes--)
        {
            int at = random.Next(text.Length + 1);
            char other = (char)random.Next(0x08, 0x80);
            _ = random.Next(3) switch
            {
                0 => text.Insert(at, other),
                1 when at < text.Length => text.Remove(at, 1),
                _ when at < text.Length => text.Replace(text[at], other, at, 1),
                _ => text,
            };
        }

        // More is not kept.
        return text.ToString(0, Math.Min(text.Length, 128));
    }

    private static StreamPriority? Expect(string text)
    {
        Match dictionary = Dictionary.Match(text);
        if (!dictionary.Success || !dictionary.Groups["display"].Captures.All(static display => IsUtf8(display.Value)))
        {
            return null;
        }

        int urgency = 3;
        bool isIncremental = false;
        for (Match member = NextMember.Match(text.TrimStart(' ')); member.Success; member = member.NextMatch())
        {
            Group value = member.Groups["value"];
            if (member.Groups["key"].Value == "u")
            {
                urgency = long.TryParse(value.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) && number is >= 0 and <= 7 ? (int)number : 3;
            }
            else if (member.Groups["key"].Value == "i")
            {
                isIncremental = !value.Success || value.Value == "?1";
            }
        }

        return new StreamPriority(urgency, isIncremental);
    }

    // What a regular expression cannot say.
    private static bool IsUtf8(string displayString)
    {
        try
        {
            string bytes = HexPair.Replace(displayString, static pair => ((char)Convert.FromHexString(pair.ValueSpan[1..])[0]).ToString());
            _ = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(Encoding.Latin1.GetBytes(bytes));
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static StreamPriority? Read(Random random, string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        var field = new PriorityField();
        field.Begin();
        for (int position = 0; position < bytes.Length;)
        {
            int length = random.Next(1, bytes.Length - position + 1);
            field.Take(bytes.AsSpan(position, length));
            position += length;
        }

        field.EndLine();
        return field.Value;
    }
}
