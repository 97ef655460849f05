namespace Net.IntegrationTests.Grpc;

/// <summary>The interop cases with those of compression, for servers that compress and tell what was compressed.</summary>
public abstract class CompressionInteropCases : InteropCases
{
    [TestMethod]
    public Task ClientCompressedUnary_ProbedAndCompressed_IsNoticed() => CompressionChecks.ClientUnaryAsync(Client);

    [TestMethod]
    public Task ClientCompressedStreaming_ProbedAndMixed_IsNoticed() => CompressionChecks.ClientStreamingAsync(Client);

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public Task ServerCompressedUnary_Asked_IsCompressedOnTheWire(bool compressed) => CompressionChecks.ServerUnaryAsync(Client, compressed);

    [TestMethod]
    public Task ServerCompressedStreaming_Mixed_EachAsAsked() => CompressionChecks.ServerStreamingAsync(Client);
}
