using Google.Protobuf;

namespace Net.Grpc;

internal sealed class ServerMessageReader<T>(GrpcServerCall call, MessageParser<T> parser) : GrpcMessageReader<T>
    where T : class, IMessage<T>
{
    private readonly MessageSource<T> _source = call.Source(parser);

    public override bool WasCompressed => _source.WasCompressed;

    public override ValueTask<T?> ReadAsync(CancellationToken cancellationToken = default) => call.ReadAsync(_source, cancellationToken);
}
