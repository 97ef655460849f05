using System.Text.RegularExpressions;
using Microsoft.Net.Http.Headers;
using Net.Server;
using Net.Testing;

namespace Net.UnitTests.Grpc;

/// <summary>Which content types are gRPC, against the framework's own parser of media types and a regular expression.</summary>
[TestClass]
public sealed partial class GrpcRequestPropertyTests
{
    private static readonly string[] Tails =
        ["", "+proto", "+PROTO", "+protobuf", "+json", "+", "-web", "-web+proto", "-web-text", "x", " ", "\t", ";", "; ", ";charset=utf-8", " ; q=1", ";a=b;c=\"d;e\"", ";;", ", application/grpc", "/", "*"];

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void IsGrpc_OfAnyContentType_IsWhatTheMediaTypeSays()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int known = 0;
        int grpc = 0;
        for (int round = 0; round < 20_000; round++)
        {
            string text = RandomCase(random, random.Next(20) == 0 ? "application/json" : "application/grpc") + Tails[random.Next(Tails.Length)] + (random.Next(2) == 0 ? Tails[random.Next(Tails.Length)] : "");
            if (random.Next(6) == 0)
            {
                int at = random.Next(text.Length);
                text = text[..at] + (char)random.Next(0x20, 0x7f) + text[(at + random.Next(2))..];
            }

            bool isGrpc = GrpcRequest.IsGrpc(text);
            Assert.AreEqual(Grammar.IsMatch(text), isGrpc, $"'{text}'");
            grpc += isGrpc ? 1 : 0;

            // The framework refuses what has broken parameters, which are none of gRPC's business; and it passes over blanks inside the type and in front, where the standard has none.
            if (MediaTypeHeaderValue.TryParse(text, out MediaTypeHeaderValue? media) && media.MediaType.ToString() is string type && text.StartsWith(type, StringComparison.OrdinalIgnoreCase))
            {
                known++;
                Assert.AreEqual(type.Equals("application/grpc", StringComparison.OrdinalIgnoreCase) || type.Equals("application/grpc+proto", StringComparison.OrdinalIgnoreCase), isGrpc, $"'{text}' is {media}");
            }
        }

        Assert.IsFalse(GrpcRequest.IsGrpc(null));
        Assert.IsFalse(GrpcRequest.IsGrpc(""));
        Assert.IsGreaterThan(5000, known);
        Assert.IsGreaterThan(2000, grpc);
    }

    [GeneratedRegex(@"\Aapplication/grpc(?:\+proto)?[ \t]*(?:;.*)?\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Grammar { get; }

    private static string RandomCase(Random random, string text) => random.Next(2) == 0 ? text : string.Concat(text.Select(c => random.Next(2) == 0 ? char.ToUpperInvariant(c) : c));
}
