using System.Buffers;
using System.IO.Pipelines;
using Net.Testing;
using Net.UnitTests.Kestrel;

namespace Net.IntegrationTests.Http3Robustness;

/// <summary>What became of a hostile request or connection, as a word to compare.</summary>
internal static class Outcome
{
    /// <summary>Sends as much as the server takes.</summary>
    internal static async Task SendAsync(Http3Exchange exchange, byte[] bytes, bool end = false)
    {
        try
        {
            await exchange.SendAsync(bytes, end);
        }
        catch (TransportException)
        {
            // Refused while it was being sent; what came of it is read on the other direction.
        }
    }

    /// <summary>Asks for something, with the request's end in the same packet: a server that answers before it comes says that it wants no more, which would fail its sending.</summary>
    internal static async Task<Http3Exchange> BeginGetAsync(Http3Peer peer, string path)
    {
        Http3Exchange exchange = await peer.OpenAsync();
        exchange.Stream.Output.Write(Http3Bytes.Request("GET", path));
        await exchange.Stream.Output.CompleteAsync();
        return exchange;
    }

    /// <summary>Asks as an honest client would, on a connection that has seen other things.</summary>
    /// <returns>The body.</returns>
    internal static async Task<string> GetAsync(Http3Peer peer)
    {
        Http3Exchange exchange = await BeginGetAsync(peer, "/hello");
        Http3Response response = await exchange.ReadResponseAsync();
        await exchange.Stream.DisposeAsync();
        return response.Text;
    }

    /// <summary>Reads a response until its end, or until it is plain that there will be none.</summary>
    /// <returns>The status, or <c>reset 0x...</c>, or <c>closed 0x...</c> when the whole connection ended.</returns>
    internal static async Task<string> OfAsync(Http3Peer peer, Http3Exchange exchange)
    {
        try
        {
            return (await exchange.ReadResponseAsync()).Status.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (TransportException exception) when (exception.Error == TransportError.StreamReset)
        {
            return $"reset 0x{exception.ApplicationErrorCode:x}";
        }
        catch (TransportException)
        {
            return await OfAsync(peer.Connection);
        }
    }

    /// <summary>Waits until the connection is over.</summary>
    /// <returns><c>closed 0x...</c> with the code of HTTP/3, or <c>broken 0x...</c> with that of QUIC.</returns>
    internal static async Task<string> OfAsync(TransportConnection connection)
    {
        ConnectionClose close = await connection.Closed.WithTimeout();
        return close.ApplicationErrorCode is long code ? $"closed 0x{code:x}" : $"{close.Initiator} broken 0x{close.TransportErrorCode:x} {close.Reason}";
    }

    /// <summary>Sends the same bytes again and again, at a pace, until the server has had enough.</summary>
    internal static async Task TrickleAsync(TransportStream stream, byte[] bytes, TimeSpan pause)
    {
        using var pace = new PeriodicTimer(pause);
        using var limit = new CancellationTokenSource(TestDeadline.Limit);
        try
        {
            do
            {
                FlushResult flush = await stream.Output.WriteAsync(bytes, limit.Token);
                if (flush.IsCompleted)
                {
                    return;
                }
            }
            while (await pace.WaitForNextTickAsync(limit.Token));
        }
        catch (TransportException)
        {
            // It has.
        }
    }
}
