using System.Globalization;
using System.Net;
using System.Text;
using Net.Client;
using Net.Grpc;
using Net.Hosting.Calling;
using Net.Hosting.Certificates;
using Net.Hosting.Echoing;
using Net.Hosting.Engines;
using Net.Hosting.Services;
using Net.Protocol.Echo;

namespace Net.Hosting.Serving;

/// <summary>One real round trip through the library, from this process to itself over the loopback interface, so that who starts the server sees that it works.</summary>
internal sealed class SelfTest(ServeScope scope)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    internal async Task RunAsync(IPEndPoint bound, CancellationToken cancellationToken)
    {
        HostContext context = scope.Context;
        try
        {
            await context.Output.WriteLineAsync(await CallAsync(bound, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            if (scope.Engine is { } engine)
            {
                await context.Output.WriteLineAsync(await EchoAsync(engine, bound, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (HostErrors.Describe(exception) is (int, string) described && !cancellationToken.IsCancellationRequested)
        {
            // The server may serve others well, so it goes on.
            await context.Error.WriteLineAsync($"The self test failed: {described.Text}").ConfigureAwait(false);
        }
    }

    private async Task<string> CallAsync(IPEndPoint bound, CancellationToken cancellationToken)
    {
        HostContext context = scope.Context;
        ServeOptions options = scope.Options;
        CertificateSummary certificate = CertificateSummary.From(scope.Tls.Identity.Certificate, context.TimeProvider.GetUtcNow());
        CallChannel channel = await CallChannel.OpenAsync(context, new EchoTarget
        {
            EndPoint = new TransportEndPoint(Loopback(bound.Address).ToString(), bound.Port),
            Engine = scope.Engine?.Name ?? EngineSelector.Auto,
            CertificatePath = options.ClientCertificatePath,
            KeyPath = options.ClientKeyPath,
            IsCertificateAsked = options.ClientCertificateMode != ClientCertificateMode.None,
            AuthorityPath = options.AuthorityPath,
            ServerName = certificate.Names.Count > 0 ? certificate.Names[0] : null,
            Route = "",
            Timeout = Limit,
            Http = scope.Engine is null ? HttpChoice.Http2 : HttpChoice.Http3,
        }).ConfigureAwait(false);
        await using (channel.ConfigureAwait(false))
        {
            var times = new TimeSpan[2];
            for (int i = 0; i < times.Length; i++)
            {
                long started = context.TimeProvider.GetTimestamp();
                try
                {
                    await channel.Client.UnaryAsync(EchoMethods.Echo, new EchoRequest { Payload = "hello" }, cancellationToken: cancellationToken).ConfigureAwait(false);
                }
                catch (GrpcException exception)
                {
                    throw HostErrors.CallFailed(exception, new TransportEndPoint(bound.Address.ToString(), bound.Port));
                }

                times[i] = context.TimeProvider.GetElapsedTime(started);
            }

            return string.Create(
                CultureInfo.InvariantCulture,
                $"First call: {EchoMethods.Echo.FullName} over {channel.Via}: {times[0].TotalMilliseconds:0.00} ms with the handshake, the next {times[1].TotalMilliseconds:0.000} ms.");
        }
    }

    private async Task<string> EchoAsync(TransportEngine engine, IPEndPoint bound, CancellationToken cancellationToken)
    {
        HostContext context = scope.Context;
        ServeOptions options = scope.Options;
        DateTimeOffset now = context.TimeProvider.GetUtcNow();
        TlsIdentity? identity = options.ClientCertificateMode == ClientCertificateMode.None
            ? null
            : CertificateFiles.LoadIdentity(options.ClientCertificatePath, options.ClientKeyPath, now);
        CertificateSummary certificate = CertificateSummary.From(scope.Tls.Identity.Certificate, now);
        var connect = new ConnectOptions
        {
            RemoteEndPoint = new IPEndPoint(Loopback(bound.Address), bound.Port),
            ServerName = certificate.Names.Count > 0 ? certificate.Names[0] : null,
            ApplicationProtocols = [RawStreamProtocol.ApplicationProtocol],
            Tls = new ClientTlsOptions { Identity = identity, ServerCertificatePolicy = CertificateFiles.LoadTrust(options.AuthorityPath) },
            HandshakeTimeout = Limit,
            Limits = RawStreamProtocol.ClientLimits,
        };
        long started = context.TimeProvider.GetTimestamp();
        TransportConnection connection = await engine.ConnectAsync(connect, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            TimeSpan connected = context.TimeProvider.GetElapsedTime(started);
            var client = new RawStreamClient(connection, timeProvider: context.TimeProvider);
            byte[] message = Encoding.UTF8.GetBytes("hello");
            RawStream stream = await client.OpenAsync("echo", new RawStreamOptions { Deadline = Limit, Idempotency = Idempotency.NoSideEffects }, cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                var exchange = new EchoExchange(stream, context.TimeProvider);
                TimeSpan first = await exchange.EchoAsync(message).ConfigureAwait(false);
                TimeSpan second = await exchange.EchoAsync(message).ConfigureAwait(false);
                await exchange.FinishAsync().ConfigureAwait(false);
                await connection.CloseAsync(RawStreamErrorCodes.NoError, "", cancellationToken).ConfigureAwait(false);
                string who = identity is null ? "without a client certificate" : $"as {identity.Certificate.Subject}";
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"First round trip: {message.Length} bytes there and back over QUIC {who}: handshake {connected.TotalMilliseconds:0.00} ms, echo {first.TotalMilliseconds:0.00} ms, the next {second.TotalMilliseconds:0.000} ms.");
            }
        }
    }

    private static IPAddress Loopback(IPAddress bound) =>
        bound.Equals(IPAddress.Any) ? IPAddress.Loopback : bound.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : bound;
}
