using System.Security.Cryptography;
using Google.Protobuf;
using Net.Grpc;
using Net.Protocol.Crypto;

namespace Net.Hosting.Services;

/// <summary>Serves <c>crypto.CryptoService</c> with keys of its own, which are made with it and leave the process never.</summary>
public sealed class CryptoService : IDisposable
{
    private const int RsaBits = 3072;

    private readonly TimeProvider _timeProvider;
    private readonly SigningKey<RSA> _rsa;
    private readonly SigningKey<ECDsa> _p256;
    private readonly SigningKey<ECDsa> _p384;

    /// <summary>Makes the keys, which takes some hundred milliseconds.</summary>
    /// <param name="timeProvider">The clock that answers are stamped with.</param>
    public CryptoService(TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(timeProvider);
        _timeProvider = timeProvider;
        _rsa = new SigningKey<RSA>(RSA.Create(RsaBits), static key => RSA.Create(key.ExportParameters(includePrivateParameters: true)));
        _p256 = CreateCurve(ECCurve.NamedCurves.nistP256);
        _p384 = CreateCurve(ECCurve.NamedCurves.nistP384);
    }

    /// <summary>The service's methods, for the server to map.</summary>
    public static GrpcServiceDefinition<CryptoService> Definition { get; } = GrpcServiceDefinition.Create<CryptoService>(CryptoMethods.Contract, methods => methods
        .Unary(CryptoMethods.Sign, static (service, request, _) => ValueTask.FromResult(service.Sign(request)))
        .Unary(CryptoMethods.GetPublicKey, static (service, request, _) => ValueTask.FromResult(service.GetPublicKey(request))));

    /// <summary>Destroys the keys.</summary>
    public void Dispose()
    {
        _rsa.Dispose();
        _p256.Dispose();
        _p384.Dispose();
    }

    private static SigningKey<ECDsa> CreateCurve(ECCurve curve) =>
        new(ECDsa.Create(curve), static key => ECDsa.Create(key.ExportParameters(includePrivateParameters: true)));

    private static GrpcException Mismatch(KeyType key, SignatureAlgorithm algorithm) =>
        new(GrpcStatusCode.InvalidArgument, $"No key of kind {key} signs with {algorithm}. RSA takes RSA_PKCS1_SHA256 and RSA_PSS_SHA256; ECC takes ECDSA_P256_SHA256 and ECDSA_P384_SHA384.");

    private static byte[] SignEcdsa(ECDsa key, ReadOnlySpan<byte> data, HashAlgorithmName hash) => key.SignData(data, hash, DSASignatureFormat.Rfc3279DerSequence);

    private SignResponse Sign(SignRequest request)
    {
        ReadOnlySpan<byte> data = request.Data.Span;
        byte[] signature = (request.KeyType, request.Algorithm) switch
        {
            (KeyType.Rsa, SignatureAlgorithm.RsaPkcs1Sha256) => _rsa.Use(data, static (key, d) => key.SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            (KeyType.Rsa, SignatureAlgorithm.RsaPssSha256) => _rsa.Use(data, static (key, d) => key.SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)),
            (KeyType.Ecc, SignatureAlgorithm.EcdsaP256Sha256) => _p256.Use(data, static (key, d) => SignEcdsa(key, d, HashAlgorithmName.SHA256)),
            (KeyType.Ecc, SignatureAlgorithm.EcdsaP384Sha384) => _p384.Use(data, static (key, d) => SignEcdsa(key, d, HashAlgorithmName.SHA384)),
            _ => throw Mismatch(request.KeyType, request.Algorithm),
        };
        return new SignResponse
        {
            Signature = UnsafeByteOperations.UnsafeWrap(signature),
            KeyType = request.KeyType,
            Algorithm = request.Algorithm,
            RequestTimestamp = request.Timestamp,
            ResponseTimestamp = Now(),
        };
    }

    private GetPublicKeyResponse GetPublicKey(GetPublicKeyRequest request)
    {
        SignatureAlgorithm algorithm = request.HasAlgorithm ? request.Algorithm
            : request.KeyType == KeyType.Ecc ? SignatureAlgorithm.EcdsaP256Sha256
            : SignatureAlgorithm.RsaPkcs1Sha256;
        byte[] publicKey = (request.KeyType, algorithm) switch
        {
            (KeyType.Rsa, SignatureAlgorithm.RsaPkcs1Sha256 or SignatureAlgorithm.RsaPssSha256) => _rsa.PublicKey,
            (KeyType.Ecc, SignatureAlgorithm.EcdsaP256Sha256) => _p256.PublicKey,
            (KeyType.Ecc, SignatureAlgorithm.EcdsaP384Sha384) => _p384.PublicKey,
            _ => throw Mismatch(request.KeyType, algorithm),
        };
        return new GetPublicKeyResponse
        {
            PublicKeyDer = UnsafeByteOperations.UnsafeWrap(publicKey),
            KeyType = request.KeyType,
            RequestTimestamp = request.Timestamp,
            ResponseTimestamp = Now(),
        };
    }

    private long Now() => _timeProvider.GetUtcNow().ToUnixTimeMilliseconds();
}
