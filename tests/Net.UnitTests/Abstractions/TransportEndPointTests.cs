using System.Globalization;
using System.Net;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Testing;

namespace Net.UnitTests.Abstractions;

[TestClass]
public sealed class TransportEndPointTests
{
    private const string NameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-";

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("https://a.example", "a.example", 443)]
    [DataRow("https://a.example/", "a.example", 443)]
    [DataRow("https://a.example:8443", "a.example", 8443)]
    [DataRow("HTTPS://A.Example:8443", "a.example", 8443)]
    [DataRow("a.example", "a.example", 443)]
    [DataRow("a.example:1", "a.example", 1)]
    [DataRow("localhost:65535", "localhost", 65535)]
    [DataRow("127.0.0.1:443", "127.0.0.1", 443)]
    [DataRow("[::1]:443", "::1", 443)]
    [DataRow("https://[2001:db8::7]:9", "2001:db8::7", 9)]
    [DataRow("bücher.example:5", "xn--bcher-kva.example", 5)]
    public void Parse_WellFormed_FindsHostAndPort(string text, string host, int port)
    {
        TransportEndPoint endPoint = TransportEndPoint.Parse(text);

        Assert.AreEqual(host, endPoint.Host);
        Assert.AreEqual(port, endPoint.Port);
        Assert.IsNull(endPoint.ServerName);
        Assert.AreEqual(1, endPoint.Weight);
    }

    [TestMethod]
    [DataRow("http://a.example")]
    [DataRow("ftp://a.example:21")]
    [DataRow("https://")]
    [DataRow("https://a.example:0")]
    [DataRow("https://a.example:65536")]
    [DataRow("a.example:-1")]
    [DataRow("a.example:x")]
    [DataRow("https://a.example/path")]
    [DataRow("https://a.example?query")]
    [DataRow("https://a.example#fragment")]
    [DataRow("https://user@a.example")]
    [DataRow("https://user:secret@a.example")]
    [DataRow("[::1:443")]
    [DataRow("a b:443")]
    public void Parse_Malformed_SaysWhatItRead(string text)
    {
        FormatException exception = Assert.ThrowsExactly<FormatException>(() => TransportEndPoint.Parse(text));

        StringAssert.Contains(exception.Message, text, StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow("")]
    [DataRow("  ")]
    public void Parse_Nothing_IsAnArgumentMistake(string? text) => Assert.Throws<ArgumentException>(() => TransportEndPoint.Parse(text!));

    [TestMethod]
    public void Parse_WhatToStringWrote_IsTheSameEndPoint()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int i = 0; i < 2000; i++)
        {
            var endPoint = new TransportEndPoint(RandomHost(random), random.Next(1, 65536));

            Assert.AreEqual(endPoint, TransportEndPoint.Parse(endPoint.ToString()));
            Assert.AreEqual(endPoint, TransportEndPoint.Parse("https://" + endPoint));
        }
    }

    [TestMethod]
    public void Parse_AnyText_ThrowsNothingButFormatException()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        const string Characters = "https://[]:@?#%.-0123456789abcdefé \t\u0000";
        for (int i = 0; i < 20_000; i++)
        {
            string text = "x" + string.Concat(Enumerable.Range(0, random.Next(0, 20)).Select(_ => Characters[random.Next(Characters.Length)]));
            try
            {
                TransportEndPoint endPoint = TransportEndPoint.Parse(text);
                Assert.IsTrue(endPoint.Port is >= 1 and <= 65535 && endPoint.Host.Length > 0, text);
            }
            catch (FormatException)
            {
                // The one answer to nonsense.
            }
        }
    }

    [TestMethod]
    public void ToEndPoint_HostIsAnAddress_IsAnAddress()
    {
        Assert.AreEqual(new IPEndPoint(IPAddress.IPv6Loopback, 7), new TransportEndPoint("::1", 7).ToEndPoint());
        Assert.AreEqual(new IPEndPoint(IPAddress.Loopback, 7), new TransportEndPoint("127.0.0.1", 7).ToEndPoint());
        Assert.AreEqual(new DnsEndPoint("a.example", 7), new TransportEndPoint("a.example", 7).ToEndPoint());
    }

    private static string RandomHost(Random random)
    {
        byte[] bytes = new byte[16];
        random.NextBytes(bytes);
        return random.Next(3) switch
        {
            0 => new IPAddress(bytes.AsSpan(0, 4)).ToString(),
            1 => new IPAddress(bytes).ToString(),
            _ => string.Join('.', Enumerable.Range(0, random.Next(2, 5)).Select(_ => RandomLabel(random))),
        };
    }

    // A letter at both ends, so that no label looks like a number or ends with a hyphen; never two hyphens at the third place, which would be Punycode.
    private static string RandomLabel(Random random) => string.Create(
        CultureInfo.InvariantCulture, $"n{string.Concat(Enumerable.Range(0, random.Next(0, 10)).Select(_ => NameCharacters[random.Next(NameCharacters.Length)])).Replace("--", "-x", StringComparison.Ordinal)}z");
}
