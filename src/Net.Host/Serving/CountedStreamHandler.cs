using Net.Server;

namespace Net.Hosting.Serving;

/// <summary>Counts the raw streams of a route, and cuts them when the server must end at once.</summary>
internal sealed class CountedStreamHandler(ServeActivity activity, IRawStreamHandler inner) : IRawStreamHandler
{
    public async Task HandleAsync(RawStreamContext stream)
    {
        activity.StreamStarted();
        bool hasFailed = true;
        try
        {
            using (activity.CutToken.UnsafeRegister(static state => _ = CloseAsync((TransportConnection)state!), stream.Connection))
            {
                await inner.HandleAsync(stream).ConfigureAwait(false);
            }

            hasFailed = false;
        }
        finally
        {
            activity.StreamEnded(stream.Connection, hasFailed);
        }
    }

    // The whole connection, as a close that follows at once would overtake the reset of one stream, and the caller would not learn the reason.
    private static async Task CloseAsync(TransportConnection connection)
    {
        try
        {
            await connection.CloseAsync(RawStreamErrorCodes.ShuttingDown, "The server ends.", CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TransportException or ObjectDisposedException)
        {
            // It is gone already, which is what was wanted.
        }
    }
}
