using System.Globalization;
using Google.Protobuf;
using Net.Grpc;
using Net.Hosting.Services;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Setup;
using Net.Protocol.Crypto;
using Net.Protocol.Echo;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Grpc;

/// <summary>The host's echo and crypto services over HTTP/2 and TLS; what crypto signs is verified by openssl.</summary>
[TestClass]
public sealed class HostServicesTests
{
    private static readonly ManualTimeProvider Time = new();
    private static CryptoService _crypto = null!;
    private static GrpcTestServer _server = null!;
    private static GrpcClient _client = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        _crypto = new CryptoService(Time);
        _server = await GrpcTestServer.StartAsync(application =>
        {
            application.MapNetGrpc(EchoService.Definition, new EchoService(Time));
            application.MapNetGrpc(CryptoService.Definition, _crypto);
        });
        _client = _server.CreateClient();
    }

    [ClassCleanup]
    public static async Task StopAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        _crypto.Dispose();
    }

    [TestMethod]
    public async Task Echo_Called_AnswersWithBothTimes()
    {
        EchoResponse response = await _client.UnaryAsync(EchoMethods.Echo, new EchoRequest { Payload = "grüezi", Timestamp = 7 }).WithTimeout();

        Assert.AreEqual(new EchoResponse { Payload = "grüezi", RequestTimestamp = 7, ResponseTimestamp = Time.GetUtcNow().ToUnixTimeMilliseconds() }, response);
    }

    [TestMethod]
    public async Task EchoStream_ManyRequests_AnswersEachInOrder()
    {
        await using GrpcDuplexCall<EchoRequest, EchoResponse> call = _client.Duplex(EchoMethods.EchoStream);
        for (int i = 0; i < 100; i++)
        {
            await call.Requests.WriteAsync(new EchoRequest { Payload = $"{i}", Timestamp = i }).WithTimeout();
            EchoResponse? response = await call.Responses.ReadAsync().WithTimeout();
            Assert.AreEqual(($"{i}", (long)i), (response!.Payload, response.RequestTimestamp));
        }

        await call.CompleteRequestsAsync().WithTimeout();
        Assert.IsNull(await call.Responses.ReadAsync().WithTimeout());
    }

    [TestMethod]
    [DataRow(KeyType.Rsa, SignatureAlgorithm.RsaPkcs1Sha256, "-sha256")]
    [DataRow(KeyType.Rsa, SignatureAlgorithm.RsaPssSha256, "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sigopt rsa_mgf1_md:sha256")]
    [DataRow(KeyType.Ecc, SignatureAlgorithm.EcdsaP256Sha256, "-sha256")]
    [DataRow(KeyType.Ecc, SignatureAlgorithm.EcdsaP384Sha384, "-sha384")]
    public async Task Sign_EachAlgorithm_VerifiesWithOpenssl(KeyType kind, SignatureAlgorithm algorithm, string verification)
    {
        string openssl = InteropRequirement.RequireProgram("openssl", "openssl");
        ByteString data = ByteString.CopyFromUtf8("What is signed.");
        SignResponse signed = await _client.UnaryAsync(CryptoMethods.Sign, new SignRequest { Data = data, KeyType = kind, Algorithm = algorithm, Timestamp = 5 }).WithTimeout();
        GetPublicKeyResponse key = await _client.UnaryAsync(CryptoMethods.GetPublicKey, new GetPublicKeyRequest { KeyType = kind, Algorithm = algorithm, Timestamp = 6 }).WithTimeout();
        using var directory = new TemporaryDirectory();
        await File.WriteAllBytesAsync(directory.Combine("key.der"), key.PublicKeyDer.ToByteArray());
        await File.WriteAllBytesAsync(directory.Combine("signature"), signed.Signature.ToByteArray());
        await File.WriteAllBytesAsync(directory.Combine("data"), data.ToByteArray());
        await File.WriteAllBytesAsync(directory.Combine("other"), "Something else."u8.ToArray());
        string[] arguments = ["dgst", .. verification.Split(' '), "-verify", directory.Combine("key.der"), "-keyform", "DER", "-signature", directory.Combine("signature")];

        ScriptResult good = await ScriptRun.StartAsync(openssl, [.. arguments, directory.Combine("data")]);
        ScriptResult bad = await ScriptRun.StartAsync(openssl, [.. arguments, directory.Combine("other")]);

        Assert.AreEqual(0, good.ExitCode, good.Output + good.Error);
        StringAssert.Contains(good.Output, "Verified OK");
        Assert.AreNotEqual(0, bad.ExitCode);
        Assert.AreEqual((kind, algorithm, 5L), (signed.KeyType, signed.Algorithm, signed.RequestTimestamp));
        Assert.AreEqual((kind, 6L), (key.KeyType, key.RequestTimestamp));
    }

    [TestMethod]
    [DataRow(KeyType.Rsa, SignatureAlgorithm.EcdsaP256Sha256)]
    [DataRow(KeyType.Ecc, SignatureAlgorithm.RsaPssSha256)]
    [DataRow((KeyType)7, SignatureAlgorithm.RsaPssSha256)]
    [DataRow(KeyType.Ecc, (SignatureAlgorithm)9)]
    public async Task Sign_AlgorithmOfAnotherKey_IsInvalidArgument(KeyType kind, SignatureAlgorithm algorithm)
    {
        GrpcException sign = await Assert.ThrowsExactlyAsync<GrpcException>(() =>
            _client.UnaryAsync(CryptoMethods.Sign, new SignRequest { KeyType = kind, Algorithm = algorithm }).WithTimeout());
        GrpcException key = await Assert.ThrowsExactlyAsync<GrpcException>(() =>
            _client.UnaryAsync(CryptoMethods.GetPublicKey, new GetPublicKeyRequest { KeyType = kind, Algorithm = algorithm }).WithTimeout());

        Assert.AreEqual(GrpcStatusCode.InvalidArgument, sign.Code);
        Assert.AreEqual(GrpcStatusCode.InvalidArgument, key.Code);
    }

    [TestMethod]
    public async Task GetPublicKey_OfAKindAlone_IsTheRsaKeyOrTheOneOnP256()
    {
        async Task<ByteString> KeyAsync(GetPublicKeyRequest request) => (await _client.UnaryAsync(CryptoMethods.GetPublicKey, request).WithTimeout()).PublicKeyDer;

        Assert.AreEqual(await KeyAsync(new() { KeyType = KeyType.Rsa, Algorithm = SignatureAlgorithm.RsaPssSha256 }), await KeyAsync(new() { KeyType = KeyType.Rsa }));
        Assert.AreEqual(await KeyAsync(new() { KeyType = KeyType.Ecc, Algorithm = SignatureAlgorithm.EcdsaP256Sha256 }), await KeyAsync(new() { KeyType = KeyType.Ecc }));
        Assert.AreNotEqual(await KeyAsync(new() { KeyType = KeyType.Ecc, Algorithm = SignatureAlgorithm.EcdsaP384Sha384 }), await KeyAsync(new() { KeyType = KeyType.Ecc }));
    }

    [TestMethod]
    public async Task Sign_ManyAtOnce_AllVerify()
    {
        using var key = System.Security.Cryptography.ECDsa.Create();
        key.ImportSubjectPublicKeyInfo((await _client.UnaryAsync(CryptoMethods.GetPublicKey, new GetPublicKeyRequest { KeyType = KeyType.Ecc }).WithTimeout()).PublicKeyDer.Span, out _);

        SignResponse[] signed = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => _client.UnaryAsync(CryptoMethods.Sign, new SignRequest
        {
            Data = ByteString.CopyFromUtf8(i.ToString(CultureInfo.InvariantCulture)), KeyType = KeyType.Ecc, Algorithm = SignatureAlgorithm.EcdsaP256Sha256,
        }).AsTask())).WithTimeout();

        for (int i = 0; i < signed.Length; i++)
        {
            Assert.IsTrue(key.VerifyData(
                ByteString.CopyFromUtf8(i.ToString(CultureInfo.InvariantCulture)).Span,
                signed[i].Signature.Span,
                System.Security.Cryptography.HashAlgorithmName.SHA256,
                System.Security.Cryptography.DSASignatureFormat.Rfc3279DerSequence));
        }
    }
}
