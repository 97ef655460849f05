using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Grpc;
using Net.Testing;

namespace Net.UnitTests.Grpc;

[TestClass]
public sealed class MetadataTests
{
    [TestMethod]
    public void Base64_AnyBytes_ReadBackWithAndWithoutPadding()
    {
        Random random = TestSeed.TakeRandom();
        for (int i = 0; i < 2_000; i++)
        {
            byte[] bytes = new byte[random.Next(600)];
            random.NextBytes(bytes);
            string text = MetadataBase64.Encode(bytes);

            Assert.IsFalse(text.Contains('=', StringComparison.Ordinal));
            Assert.IsTrue(MetadataBase64.TryDecode(text, out byte[]? plain));
            Assert.IsTrue(MetadataBase64.TryDecode(Convert.ToBase64String(bytes), out byte[]? padded));
            CollectionAssert.AreEqual(bytes, plain);
            CollectionAssert.AreEqual(bytes, padded);
        }
    }

    [TestMethod]
    [DataRow("A")]
    [DataRow("AAAAA")]
    [DataRow("AA=")]
    [DataRow("AAA==")]
    [DataRow("AAAA=")]
    [DataRow("AA===")]
    [DataRow("=")]
    [DataRow("A A=")]
    [DataRow("AA\n=")]
    [DataRow("A-_A")]
    [DataRow("AA=A")]
    public void Base64_Malformed_IsRefused(string text) => Assert.IsFalse(MetadataBase64.TryDecode(text, out _));

    [TestMethod]
    public void Base64_AnyText_NeverFailsAndAgreesWithTheRuntime()
    {
        Random random = TestSeed.TakeRandom();
        for (int i = 0; i < 20_000; i++)
        {
            string text = new(random.GetItems<char>("ABCDwxyz0189+/==- \t", random.Next(14)));
            bool isRead = MetadataBase64.TryDecode(text, out byte[]? bytes);
            if (isRead)
            {
                string padded = text.TrimEnd('=');
                padded += new string('=', (4 - (padded.Length % 4)) % 4);
                CollectionAssert.AreEqual(Convert.FromBase64String(padded), bytes, text);
            }
            else
            {
                bool isPlain = text.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '/') && text.Length % 4 != 1;
                Assert.IsFalse(isPlain, text);
            }
        }
    }

    [TestMethod]
    public void Add_TextAndBytes_AreFoundByName()
    {
        var metadata = new GrpcMetadata { { "X-Name", "first" }, { "x-name", "second" }, { "data-bin", new byte[] { 1, 2 } } };

        Assert.AreEqual("second", metadata.Get("x-name"));
        Assert.IsTrue(metadata.TryGetBytes("data-bin", out ReadOnlyMemory<byte> bytes));
        CollectionAssert.AreEqual(new byte[] { 1, 2 }, bytes.ToArray());
        Assert.AreEqual("AQI", metadata.Get("data-bin"));
        Assert.HasCount(3, metadata);
        Assert.IsNull(metadata.Get("other"));
        Assert.IsFalse(metadata.TryGetBytes("x-name", out _));
    }

    [TestMethod]
    [DataRow("", "v")]
    [DataRow("a b", "v")]
    [DataRow("a:b", "v")]
    [DataRow("ä", "v")]
    [DataRow(":path", "v")]
    [DataRow("grpc-status", "v")]
    [DataRow("Content-Type", "v")]
    [DataRow("te", "v")]
    [DataRow("data-bin", "v")]
    [DataRow("a", "line\nbreak")]
    [DataRow("a", "ä")]
    [DataRow("a", " leading")]
    [DataRow("a", "trailing ")]
    [DataRow("a", "\0")]
    public void Add_WhatCannotBeSent_IsRefused(string name, string value) => Assert.Throws<ArgumentException>(() => new GrpcMetadata().Add(name, value));

    [TestMethod]
    public void Add_BytesWithoutSuffix_AreRefused() => Assert.Throws<ArgumentException>(() => new GrpcMetadata().Add("data", new byte[1]));

    [TestMethod]
    public void Add_RetryPushback_IsAllowed()
    {
        var metadata = new GrpcMetadata { { "grpc-retry-pushback-ms", "100" } };

        Assert.AreEqual("100", metadata.Get("grpc-retry-pushback-ms"));
    }

    [TestMethod]
    public void AddReceived_JoinedBytes_AreSplitAndBadOnesDropped()
    {
        var metadata = new GrpcMetadata();
        metadata.AddReceived("K-bin", "AQ==, Ag,***,Aw");
        metadata.AddReceived("grpc-encoding", "gzip");
        metadata.AddReceived(":authority", "localhost");
        metadata.AddReceived("Text", "a, b");

        CollectionAssert.AreEqual(new byte[] { 1, 2, 3 }, metadata.Where(e => e.Name == "k-bin").Select(e => e.Bytes.Span[0]).ToArray());
        Assert.AreEqual("a, b", metadata.Get("text"));
        Assert.HasCount(4, metadata);
    }

    [TestMethod]
    public void Empty_AddedTo_Refuses() => Assert.Throws<InvalidOperationException>(() => GrpcMetadata.Empty.Add("a", "b"));
}
