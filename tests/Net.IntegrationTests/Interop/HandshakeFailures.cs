using System.Diagnostics.Metrics;
using System.Threading.Channels;

namespace Net.IntegrationTests.Interop;

/// <summary>Sees what our engine reports of handshakes that fail, which the application of a server never gets to hold.</summary>
internal sealed class HandshakeFailures : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Channel<string> _errors = Channel.CreateUnbounded<string>();

    public HandshakeFailures()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == TransportDiagnostics.SourceName && instrument.Name == "transport.handshake.failures")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
        {
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                if (tag.Key == "error.type")
                {
                    _errors.Writer.TryWrite((string)tag.Value!);
                }
            }
        });
        _listener.Start();
    }

    /// <summary>The kind of the next failure.</summary>
    public async Task<string> NextAsync()
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        return await _errors.Reader.ReadAsync(limit.Token);
    }

    public void Dispose() => _listener.Dispose();
}
