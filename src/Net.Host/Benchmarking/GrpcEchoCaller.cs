using Net.Hosting.Calling;
using Net.Hosting.Services;
using Net.Protocol.Echo;

namespace Net.Hosting.Benchmarking;

/// <summary>Calls <c>echo.EchoService/Echo</c>.</summary>
internal sealed class GrpcEchoCaller(CallChannel channel, EchoRequest request, TimeProvider timeProvider) : BenchCaller
{
    internal override bool IsOpen => true;

    internal override async ValueTask<TimeSpan> CallAsync(CancellationToken cancellationToken)
    {
        long started = timeProvider.GetTimestamp();
        EchoResponse response = await channel.Client.UnaryAsync(EchoMethods.Echo, request, cancellationToken: cancellationToken).ConfigureAwait(false);
        return response.Payload.Length == request.Payload.Length
            ? timeProvider.GetElapsedTime(started)
            : throw new HostException(ExitCodes.Failure, "Another text came back than was sent; this service does not echo.");
    }
}
