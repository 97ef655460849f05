using System.Text.Json;
using Microsoft.Extensions.Logging;
using Net.Hosting.Access;
using Net.Hosting.Admin;
using Net.Hosting.Engines;
using Net.Security;

namespace Net.Hosting.Serving;

/// <summary>Runs <c>net serve</c> from certificates to the last call.</summary>
internal sealed class ServeRunner(HostContext context, ServeOptions options)
{
    // The system gives a free TCP port, which another program may hold on UDP; so many in a row do not happen by chance.
    private const int MaxPortAttempts = 20;

    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var signals = new ShutdownSignals();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop, cancellationToken);
        using ILoggerFactory log = LoggerFactory.Create(builder => builder
            .SetMinimumLevel(options.LogLevel)

            // It tells failures to start with a stack trace; the terminal gets them in plain words.
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", options.LogLevel > LogLevel.Debug ? LogLevel.None : options.LogLevel)
            .AddConsole(static console => console.LogToStandardErrorThreshold = LogLevel.Trace)
            .AddSimpleConsole(static console => console.SingleLine = true));
        CertificateSource certificates = ServeCertificates.Open(options, context, log);
        await using (certificates.ConfigureAwait(false))
        {
            using var reload = new ReloadSignal(certificates, context);
            return await RunAsync(certificates, signals, log, stop.Token).ConfigureAwait(false);
        }
    }

    private async Task<int> RunAsync(CertificateSource certificates, ShutdownSignals signals, ILoggerFactory log, CancellationToken stop)
    {
        (TransportEngine? engine, string? missing) = await SelectEngineAsync().ConfigureAwait(false);
        try
        {
            using var activity = new ServeActivity(context.TimeProvider);
            using var telemetry = new ServeTelemetry(context.GetEnvironmentVariable);
            using CallLedger? ledger = options.LedgerPath is { } path ? CallLedger.Open(path) : null;
            ServeAccess? access = options.AccessFile is { } rules
                ? ServeAccess.Open(rules, options.AuditDirectory, context.TimeProvider, log.CreateLogger("Net.Security"))
                : null;
            access?.Follow(certificates);
            try
            {
                ServeServices services = ServeServices.Open(options.DataDirectory, context, log);
                await using (services.ConfigureAwait(false))
                {
                    var scope = new ServeScope(context, options, certificates, engine, missing, services, activity, log, access?.Gate)
                    {
                        Audit = access,
                        Ledger = ledger,
                        ResetKey = options.ResetKeyPath is { } key ? ResetKeyFile.Open(key) : null,
                    };
                    ServeSite site = await StartSiteAsync(scope, stop).ConfigureAwait(false);
                    await using (site.ConfigureAwait(false))
                    {
                        return await ServeAsync(scope, site, telemetry, signals, stop).ConfigureAwait(false);
                    }
                }
            }
            finally
            {
                if (access is not null)
                {
                    await access.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
        finally
        {
            if (engine is not null)
            {
                await engine.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task<int> ServeAsync(ServeScope scope, ServeSite site, ServeTelemetry telemetry, ShutdownSignals signals, CancellationToken stop)
    {
        AdminSite? admin = options.AdminEndPoint is { } endPoint
            ? await AdminSite.StartAsync(endPoint, scope, telemetry.Metrics, stop).ConfigureAwait(false)
            : null;
        try
        {
            await WriteReadyFileAsync(scope, site, admin).ConfigureAwait(false);
            await WarnOfMissingEngineAsync(scope).ConfigureAwait(false);
            await context.Output.WriteAsync(new ServeBanner(scope).Describe(site.EndPoint, admin?.EndPoint)).ConfigureAwait(false);
            if (options.SelfTest && !stop.IsCancellationRequested)
            {
                await new SelfTest(scope).RunAsync(site.EndPoint, stop).ConfigureAwait(false);
            }

            await context.Output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            await WaitAsync(stop).ConfigureAwait(false);
            int code = await StopAsync(scope, site, signals).ConfigureAwait(false);
            if (!telemetry.IsExporting)
            {
                await context.Output.WriteLineAsync(scope.Activity.Totals.ToString()).ConfigureAwait(false);
            }

            return code;
        }
        finally
        {
            if (admin is not null)
            {
                await admin.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>The engine, or why there is none. Who names an engine wants that one or nothing; who leaves the choice is served over TCP.</summary>
    private async Task<(TransportEngine? Engine, string? Missing)> SelectEngineAsync()
    {
        try
        {
            return (await context.Engines.SelectAsync(options.Engine).ConfigureAwait(false), null);
        }
        catch (TransportException exception) when (exception.Error == TransportError.EngineMissing && options.Engine == EngineSelector.Auto)
        {
            return (null, exception.Message);
        }
    }

    private async Task<ServeSite> StartSiteAsync(ServeScope scope, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            TcpPort port = TcpPort.Bind(options.EndPoint, exception => HostErrors.CannotBind(exception, "TCP", options.EndPoint));
            ServeSite site = ServeSite.Create(scope, port);
            try
            {
                await site.StartAsync(cancellationToken).ConfigureAwait(false);
                return site;
            }
            catch (Exception exception)
            {
                await site.DisposeAsync().ConfigureAwait(false);
                if (HostErrors.FindListenFailure(exception) is not TransportException failure)
                {
                    throw;
                }

                if (options.EndPoint.Port != 0 || attempt == MaxPortAttempts || !HostErrors.IsAddressInUse(failure))
                {
                    throw HostErrors.CannotBind(failure, "UDP", port.EndPoint);
                }
            }
        }
    }

    /// <summary>Written beside its place and moved there, so that a reader never sees half of it.</summary>
    private async Task WriteReadyFileAsync(ServeScope scope, ServeSite site, AdminSite? admin)
    {
        if (options.ReadyFile is not string path)
        {
            return;
        }

        var report = new ReadyReport
        {
            Address = site.EndPoint.Address.ToString(),
            Port = site.EndPoint.Port,
            ProcessId = Environment.ProcessId,
            Engine = scope.Engine?.Name,

            // Raw streams are spoken on both.
            Protocols = [.. scope.UdpProtocols.Union(ServeScope.TcpProtocols)],
            Admin = admin?.EndPoint.ToString(),
        };
        string temporary = path + ".tmp";
        await File.WriteAllTextAsync(temporary, JsonSerializer.Serialize(report, HostJson.Default.ReadyReport)).ConfigureAwait(false);
        File.Move(temporary, path, overwrite: true);
    }

    private async Task WarnOfMissingEngineAsync(ServeScope scope)
    {
        if (scope.MissingEngine is string missing)
        {
            await context.Error.WriteLineAsync(
                $"WARNING: HTTP/3 and raw streams over QUIC are NOT served; HTTP/2, HTTP/1.1 and raw streams over TCP are.\n{missing}\nAfter installing one, start the server again; `net version` shows what runs here.").ConfigureAwait(false);
        }
    }

    private static async Task WaitAsync(CancellationToken stop)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (stop.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), stopped))
        {
            await stopped.Task.ConfigureAwait(false);
        }
    }

    private async Task<int> StopAsync(ServeScope scope, ServeSite site, ShutdownSignals signals)
    {
        ServeActivity activity = scope.Activity;
        scope.Audit?.Note("drain", $"{signals.First?.ToString() ?? "Stopped by its own process"}: no new calls; those that run have {options.ShutdownTimeout.TotalSeconds:0.###} s to end.");
        activity.StartDraining();
        scope.Services.StartDraining();
        await context.Output.WriteLineAsync(
            $"Stopping: running calls and streams have {options.ShutdownTimeout.TotalSeconds:0.###} s to end. Again to end them at once.").ConfigureAwait(false);
        using (context.TimeProvider.CreateTimer(static state => ((ServeActivity)state!).Cut(), activity, options.ShutdownTimeout, Timeout.InfiniteTimeSpan))
        using (signals.StopAtOnce.UnsafeRegister(_ => CutAtOnce(scope, signals), null))
        {
            try
            {
                await site.StopAsync(activity.CutToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (activity.CutToken.IsCancellationRequested)
            {
                // Told below.
            }
        }

        await context.Output.WriteLineAsync(activity.WasCut ? "Stopped; calls and streams that did not end in time were cut." : "Stopped; every call and every stream ended by itself.").ConfigureAwait(false);
        return activity.WasCut ? ExitCodes.Failure : ExitCodes.Ok;
    }

    private static void CutAtOnce(ServeScope scope, ShutdownSignals signals)
    {
        scope.Audit?.Note("cut", $"{signals.Second}: calls that run are ended at once.");
        scope.Activity.Cut();
    }
}
