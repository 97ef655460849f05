namespace Net.Grpc;

/// <summary>What a call with one response brought.</summary>
/// <typeparam name="TResponse">The response.</typeparam>
/// <param name="Message">The response.</param>
/// <param name="Headers">The metadata that came before it.</param>
/// <param name="Trailers">The metadata that came with the status.</param>
/// <param name="WasCompressed">Whether the response was compressed on the wire.</param>
public sealed record GrpcUnaryResponse<TResponse>(TResponse Message, GrpcMetadata Headers, GrpcMetadata Trailers, bool WasCompressed)
    where TResponse : class;
