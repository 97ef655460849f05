using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Net.Hosting.Certificates;
using Net.Hosting.Echoing;
using Net.Server;

namespace Net.Hosting.Serving;

/// <summary>Runs <c>net serve</c> from certificates to the last stream.</summary>
internal sealed class ServeRunner(HostContext context, ServeOptions options)
{
    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var signals = new ShutdownSignals();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop, cancellationToken);
        ServerTlsOptions tls = LoadTls();
        using ILoggerFactory log = LoggerFactory.Create(builder => builder
            .SetMinimumLevel(options.LogLevel)
            .AddConsole(static console => console.LogToStandardErrorThreshold = LogLevel.Trace)
            .AddSimpleConsole(static console => console.SingleLine = true));
        TransportEngine engine = await context.Engines.SelectAsync(options.Engine).ConfigureAwait(false);
        await using (engine.ConfigureAwait(false))
        {
            NetServer server = new NetServerBuilder()
                .MapStream("echo", new EchoHandler())
                .UseOptions(new NetServerOptions { MaxConnections = options.MaxConnections })
                .UseRawStreamOptions(new RawStreamServerOptions { MaxConcurrentStreams = 100_000 })
                .UseTimeProvider(context.TimeProvider)
                .UseLoggerFactory(log)
                .Build();
            await using (server.ConfigureAwait(false))
            {
                IPEndPoint bound = await ListenAsync(server, engine, tls, stop.Token).ConfigureAwait(false);
                await WriteReadyFileAsync(server, engine, bound).ConfigureAwait(false);
                await context.Output.WriteAsync(new ServeBanner(options, context.TimeProvider).Describe(engine, bound, server.ApplicationProtocols, tls)).ConfigureAwait(false);
                if (options.SelfTest)
                {
                    await new SelfTest(context, options).RunAsync(engine, bound, tls, stop.Token).ConfigureAwait(false);
                }

                await context.Output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
                await WaitAsync(stop.Token).ConfigureAwait(false);
                return await StopAsync(server, signals.StopAtOnce).ConfigureAwait(false);
            }
        }
    }

    private ServerTlsOptions LoadTls()
    {
        TlsIdentity identity = CertificateFiles.LoadIdentity(options.CertificatePath, options.KeyPath, context.TimeProvider.GetUtcNow());
        return new ServerTlsOptions
        {
            Identity = identity,
            ClientCertificateMode = options.ClientCertificateMode,
            ClientCertificatePolicy = options.ClientCertificateMode == ClientCertificateMode.None ? null : CertificateFiles.LoadTrust(options.AuthorityPath),
        };
    }

    private async Task<IPEndPoint> ListenAsync(NetServer server, TransportEngine engine, ServerTlsOptions tls, CancellationToken cancellationToken)
    {
        try
        {
            return await server.ListenAsync(
                engine,
                new ListenOptions
                {
                    LocalEndPoint = options.EndPoint,
                    ApplicationProtocols = server.ApplicationProtocols,
                    Tls = (in ClientHello _) => tls,
                    MaxConnections = options.MaxConnections,
                    IdleTimeout = options.IdleTimeout,
                    InlineContinuations = options.Inline && engine.Capabilities.HasFlag(EngineCapabilities.InlineContinuations),
                    Limits = new TransportLimits { MaxInboundBidirectionalStreams = options.MaxStreams, MaxInboundUnidirectionalStreams = 0 },
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (TransportException exception) when (exception.Error == TransportError.ListenFailed)
        {
            throw HostErrors.CannotBind(exception, options.EndPoint);
        }
    }

    /// <summary>Written beside its place and moved there, so that a reader never sees half of it.</summary>
    private async Task WriteReadyFileAsync(NetServer server, TransportEngine engine, IPEndPoint bound)
    {
        if (options.ReadyFile is not string path)
        {
            return;
        }

        var report = new ReadyReport
        {
            Address = bound.Address.ToString(),
            Port = bound.Port,
            ProcessId = Environment.ProcessId,
            Engine = engine.Name,
            Protocols = server.ApplicationProtocols,
        };
        string temporary = path + ".tmp";
        await File.WriteAllTextAsync(temporary, JsonSerializer.Serialize(report, HostJson.Default.ReadyReport)).ConfigureAwait(false);
        File.Move(temporary, path, overwrite: true);
    }

    private static async Task WaitAsync(CancellationToken stop)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (stop.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), stopped))
        {
            await stopped.Task.ConfigureAwait(false);
        }
    }

    private async Task<int> StopAsync(NetServer server, CancellationToken stopAtOnce)
    {
        await context.Output.WriteLineAsync(
            $"Stopping: running streams have {options.ShutdownTimeout.TotalSeconds:0.###} s to end. Again to end them at once.").ConfigureAwait(false);
        bool isDrained = await server.StopAsync(options.ShutdownTimeout, stopAtOnce).ConfigureAwait(false);
        await context.Output.WriteLineAsync(isDrained ? "Stopped; every stream ended by itself." : "Stopped; streams that did not end in time were cut.").ConfigureAwait(false);
        return isDrained ? ExitCodes.Ok : ExitCodes.Failure;
    }
}
