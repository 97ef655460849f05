using Net.Grpc;
using Net.Protocol.Crypto;

namespace Net.Hosting.Services;

/// <summary>The methods of <c>crypto.CryptoService</c>, for clients.</summary>
public static class CryptoMethods
{
    /// <summary>The service as its .proto file declares it.</summary>
    public static GrpcContract Contract { get; } = GrpcContract.From(CryptoReflection.Descriptor, "CryptoService");

    /// <summary>Signs data.</summary>
    public static GrpcUnaryMethod<SignRequest, SignResponse> Sign { get; } = Contract.Unary<SignRequest, SignResponse>("Sign");

    /// <summary>The public key that signatures verify with.</summary>
    public static GrpcUnaryMethod<GetPublicKeyRequest, GetPublicKeyResponse> GetPublicKey { get; } = Contract.Unary<GetPublicKeyRequest, GetPublicKeyResponse>("GetPublicKey");
}
