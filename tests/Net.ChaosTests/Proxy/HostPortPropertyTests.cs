using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Net.Chaos.Proxy;
using Net.Testing;

namespace Net.ChaosTests.Proxy;

/// <summary>Hosts with ports as people write them, against their grammar.</summary>
[TestClass]
public sealed partial class HostPortPropertyTests
{
    private const int Rounds = 20_000;

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void TryParse_AnyHostAndPort_ComeBack()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < Rounds; i++)
        {
            byte[] bytes = new byte[16];
            random.NextBytes(bytes);
            (string host, bool isBracketed) = random.Next(4) switch
            {
                0 => ("", false),
                1 => (new IPAddress(bytes.AsSpan(0, 4)).ToString(), false),
                2 => (new IPAddress(bytes).ToString(), true),
                _ => ($"{(char)('a' + random.Next(26))}{random.Next()}.example", false),
            };
            int port = random.Next(65536);
            string text = string.Create(CultureInfo.InvariantCulture, $"{(isBracketed ? $"[{host}]" : host)}:{port}");

            Assert.IsTrue(HostPort.TryParse(text, out HostPort parsed), text);
            Assert.AreEqual(new HostPort(host, port), parsed, text);
        }
    }

    [TestMethod]
    public void TryParse_AnyText_IsTakenAsTheGrammarSays()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int taken = 0;
        for (int i = 0; i < Rounds; i++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(12)).Select(_ => "a.:[]0123456789"[random.Next(15)])]);
            if (random.Next(2) == 0)
            {
                text += string.Create(CultureInfo.InvariantCulture, $":{random.Next(70_000)}");
            }

            Match match = Grammar().Match(text);
            bool expected = match.Success && int.Parse(match.Groups["port"].Value, CultureInfo.InvariantCulture) <= 65535
                && (!match.Groups["address"].Success || IPAddress.TryParse(match.Groups["address"].Value, out _));

            Assert.AreEqual(expected, HostPort.TryParse(text, out _), $"'{text}'");
            taken += expected ? 1 : 0;
        }

        Assert.IsGreaterThan(Rounds / 20, taken);
    }

    // Leading zeros of a port mean nothing; nine digits are no port whatever they are.
    [GeneratedRegex(@"\A(?:\[(?<address>.+)\]|(?<name>[^:]*)):(?<port>0*[0-9]{1,9})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Grammar();
}
