using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Net.Hosting.CommandLine;
using Net.Testing;

namespace Net.UnitTests.Host;

/// <summary>What <c>--admin</c> takes: addresses with ports as they are written, none, and nothing that only looks like one.</summary>
[TestClass]
public sealed class AdminChoicePropertyTests
{
    private const string Characters = "0123456789abf.:[]%+- /x";

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Parse_AnyAddressAndPort_IsTheSame()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < 2000; round++)
        {
            byte[] address = new byte[random.Next(2) == 0 ? 4 : 16];
            random.NextBytes(address);
            if (random.Next(2) == 0)
            {
                // With a run of zeros, which IPv6 shortens.
                address.AsSpan(random.Next(address.Length)).Clear();
            }

            var endPoint = new IPEndPoint(new IPAddress(address), random.Next(0, 65_536));
            (AdminChoice? choice, string? error) = Parse(endPoint.ToString());
            Assert.IsNull(error);
            Assert.AreEqual(endPoint, choice!.EndPoint);
            Assert.AreEqual(endPoint.ToString(), choice.ToString());
        }

        Assert.IsNull(Parse("none").Choice!.EndPoint);
        Assert.AreEqual("none", Parse("none").Choice!.ToString());
    }

    [TestMethod]
    [DataRow("::1:0", DisplayName = "an IPv6 address alone, whose last group passes for a port")]
    [DataRow("::1:9090")]
    [DataRow("[::1]")]
    [DataRow("127.0.0.1")]
    [DataRow("127.0.0.1:")]
    [DataRow("127.0.0.1:09090")]
    [DataRow("127.0.0.1:65536")]
    [DataRow(":9090")]
    [DataRow("localhost:9090")]
    [DataRow("None")]
    public void Parse_WhatIsNoAddressWithAPort_IsRefused(string text)
    {
        (_, string? error) = Parse(text);
        Assert.IsNotNull(error);
        Assert.Contains($"'{text}'", error);
    }

    [TestMethod]
    public void Parse_AnyText_IsRefusedOrMeansWhatItSays()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int accepted = 0;
        for (int round = 0; round < 20_000; round++)
        {
            string text = RandomText(random);
            (AdminChoice? choice, string? error) = Parse(text);
            if (error is not null || choice!.EndPoint is not { } endPoint)
            {
                continue;
            }

            accepted++;
            int colon = text.LastIndexOf(':');
            string address = text[..colon];
            Assert.AreEqual(endPoint.Port.ToString(CultureInfo.InvariantCulture), text[(colon + 1)..], text);
            Assert.AreEqual(endPoint.AddressFamily == AddressFamily.InterNetworkV6, address.StartsWith('[') && address.EndsWith(']'), text);
            Assert.AreEqual(IPAddress.Parse(address.Trim('[', ']')), endPoint.Address, text);
        }

        TestContext.WriteLine($"{accepted} were accepted.");
        Assert.IsGreaterThan(500, accepted);
    }

    [TestMethod]
    public void Parse_WithoutAValue_IsRefused()
    {
        Option<AdminChoice> option = AdminChoice.MakeOption();
        Assert.IsNotEmpty(new RootCommand { option }.Parse(["--admin"]).Errors);
        Assert.AreEqual("127.0.0.1:9090", new RootCommand { option }.Parse([]).GetValue(option)!.ToString());
    }

    // Now and then characters that mean something, otherwise a real one with a fault or two.
    private static string RandomText(Random random)
    {
        if (random.Next(3) == 0)
        {
            return new string(random.GetItems<char>(Characters, random.Next(1, 12)));
        }

        string[] real = ["127.0.0.1:9090", "[::1]:9090", "0.0.0.0:80", "[fe80::1]:1", "::1:0", "1.2.3.4:0", "[::ffff:1.2.3.4]:443", "10.1:7"];
        string text = real[random.Next(real.Length)];
        for (int changes = random.Next(3); changes > 0; changes--)
        {
            int at = random.Next(text.Length);
            string other = random.Next(2) == 0 ? "" : Characters[random.Next(Characters.Length)].ToString();
            text = text[..at] + other + text[(at + random.Next(2))..];
        }

        return text;
    }

    private static (AdminChoice? Choice, string? Error) Parse(string text)
    {
        Option<AdminChoice> option = AdminChoice.MakeOption();
        ParseResult parsed = new RootCommand { option }.Parse([$"--admin={text}"]);
        return parsed.Errors.Count > 0 ? (null, parsed.Errors[0].Message) : (parsed.GetValue(option), null);
    }
}
