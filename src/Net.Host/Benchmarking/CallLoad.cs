using System.Security.Cryptography;
using Net.Aql;
using Net.Grpc;
using Net.Hosting.Calling;
using Net.Hosting.Services;
using Net.Protocol.Echo;

namespace Net.Hosting.Benchmarking;

/// <summary>gRPC calls: echoes, or queries of AQL. Each connection is a channel of its own.</summary>
internal sealed class CallLoad : BenchLoad
{
    private readonly HostContext _context;
    private readonly BenchOptions _options;
    private readonly CallChannel[] _channels;
    private readonly EchoRequest _request;
    private readonly byte[] _value;

    private CallLoad(HostContext context, BenchOptions options, CallChannel[] channels)
    {
        _context = context;
        _options = options;
        _channels = channels;
        _value = new byte[options.Size];
        context.Random.NextBytes(_value);

        // The echo carries text: letters, one byte each.
        _request = new EchoRequest { Payload = RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz", options.Size) };
    }

    internal override string Via => _channels[0].Via;

    internal static async Task<CallLoad> OpenAsync(HostContext context, BenchOptions options)
    {
        List<CallChannel> channels = [];
        try
        {
            for (int i = 0; i < options.Connections; i++)
            {
                channels.Add(await CallChannel.OpenAsync(context, options.Target).ConfigureAwait(false));
            }

            return new CallLoad(context, options, [.. channels]);
        }
        catch
        {
            foreach (CallChannel channel in channels)
            {
                await channel.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
    }

    internal override async Task ConnectAsync(int connection, CancellationToken cancellationToken)
    {
        try
        {
            // A channel connects with its first call.
            await _channels[connection].Client.UnaryAsync(EchoMethods.Echo, new EchoRequest(), cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (GrpcException exception)
        {
            throw HostErrors.CallFailed(exception, _options.Target.EndPoint);
        }
    }

    internal override BenchCaller MakeCaller(int connection) => _options.Service == BenchService.GrpcEcho
        ? new GrpcEchoCaller(_channels[connection], _request, _context.TimeProvider)
        : new AqlCaller(new AqlClient(_channels[connection].Client), _value, _options.WritePercent, _context.Random, _context.TimeProvider);

    public override async ValueTask DisposeAsync()
    {
        foreach (CallChannel channel in _channels)
        {
            await channel.DisposeAsync().ConfigureAwait(false);
        }
    }
}
