using System.Globalization;
using System.Text;
using System.Text.Json;
using Net.Client;
using Net.Hosting.Benchmarking;
using Net.Hosting.Serving;

namespace Net.Hosting.Echoing;

/// <summary>Runs <c>net echo</c>.</summary>
internal sealed class EchoRunner(HostContext context, EchoOptions options)
{
    private const int MaxTextShown = 4096;
    private const int MaxLinesShown = 20;

    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var signals = new ShutdownSignals();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop, cancellationToken);
        byte[] payload = await options.Payload.ReadAsync(context, stop.Token).ConfigureAwait(false);
        TransportEngine engine = await context.Engines.SelectAsync(options.Target.Engine).ConfigureAwait(false);
        await using (engine.ConfigureAwait(false))
        {
            ConnectOptions connect = options.Target.MakeConnectOptions(engine, context.TimeProvider.GetUtcNow(), inline: true);
            long started = context.TimeProvider.GetTimestamp();
            TransportConnection connection = await options.Target.ConnectAsync(engine, connect, stop.Token).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                TimeSpan connected = context.TimeProvider.GetElapsedTime(started);
                if (!options.Json)
                {
                    await context.Output.WriteLineAsync(string.Create(
                        CultureInfo.InvariantCulture,
                        $"Connected to {connection.RemoteEndPoint} with {engine.Name} in {connected.TotalMilliseconds:0.00} ms, {connection.CipherSuite ?? "TLS 1.3"}, server {connection.PeerCertificate?.Subject}")).ConfigureAwait(false);
                }

                LatencyHistogram latencies = await EchoAsync(connection, payload, stop.Token).ConfigureAwait(false);
                await connection.CloseAsync(RawStreamErrorCodes.NoError, "", CancellationToken.None).ConfigureAwait(false);
                await ReportAsync(engine, connection, payload, connected, latencies).ConfigureAwait(false);
            }
        }

        return ExitCodes.Ok;
    }

    private async Task<LatencyHistogram> EchoAsync(TransportConnection connection, byte[] payload, CancellationToken cancellationToken)
    {
        var latencies = new LatencyHistogram();
        var client = new RawStreamClient(connection, timeProvider: context.TimeProvider);
        var streamOptions = new RawStreamOptions { Deadline = Deadline(), Idempotency = Idempotency.NoSideEffects, Metadata = options.Target.Metadata };
        RawStream stream = await client.OpenAsync(options.Target.Route, streamOptions, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var exchange = new EchoExchange(stream, context.TimeProvider);
            string? text = AsText(payload);
            for (int i = 1; i <= options.Count; i++)
            {
                TimeSpan time = await exchange.EchoAsync(payload).ConfigureAwait(false);
                latencies.Record(time);
                if (!options.Json && i <= MaxLinesShown)
                {
                    await context.Output.WriteLineAsync(string.Create(
                        CultureInfo.InvariantCulture, $"{i}: {payload.Length} bytes in {time.TotalMilliseconds:0.000} ms{(text is null ? ", the same bytes" : ": " + text)}")).ConfigureAwait(false);
                }
            }

            await exchange.FinishAsync().ConfigureAwait(false);
        }

        return latencies;
    }

    private async Task ReportAsync(TransportEngine engine, TransportConnection connection, byte[] payload, TimeSpan connected, LatencyHistogram latencies)
    {
        LatencyReport report = LatencyReport.From(latencies);
        if (options.Json)
        {
            var document = new EchoReport
            {
                EndPoint = options.Target.EndPoint.ToString(),
                Engine = engine.Name,
                Route = options.Target.Route,
                Bytes = payload.Length,
                ConnectMilliseconds = connected.TotalMilliseconds,
                CipherSuite = connection.CipherSuite,
                ServerCertificate = connection.PeerCertificate?.Subject,
                Answer = AsText(payload),
                RoundTrips = report,
            };
            await context.Output.WriteLineAsync(JsonSerializer.Serialize(document, HostJson.Default.EchoReport)).ConfigureAwait(false);
        }
        else if (options.Count > 1)
        {
            await context.Output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{report.Count} round trips: shortest {report.MinMicroseconds:0.0} us, median {report.P50Microseconds:0.0} us, 99 % within {report.P99Microseconds:0.0} us, longest {report.MaxMicroseconds:0.0} us")).ConfigureAwait(false);
        }
    }

    /// <summary>The limit counts for each echo; the stream's deadline covers all of them.</summary>
    private TimeSpan? Deadline()
    {
        double seconds = options.Target.Timeout.TotalSeconds * options.Count;
        return seconds > 0 && seconds < RawStreamProtocol.MaxDeadline.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    private static string? AsText(byte[] payload)
    {
        if (payload.Length > MaxTextShown || !System.Text.Unicode.Utf8.IsValid(payload))
        {
            return null;
        }

        // Line breaks at the end are part of the bytes but not of what a person wants to see; other control characters could drive the terminal.
        string text = Encoding.UTF8.GetString(payload).TrimEnd('\r', '\n');
        return text.Any(static character => char.IsControl(character) && character is not ('\n' or '\t')) ? null : text;
    }
}
