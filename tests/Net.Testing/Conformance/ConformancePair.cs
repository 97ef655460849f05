namespace Net.Testing;

/// <summary>Both sides of a connection, and the listener that it came through.</summary>
/// <param name="listener">The listener.</param>
/// <param name="client">The client's side.</param>
/// <param name="server">The server's side.</param>
public sealed class ConformancePair(TransportListener listener, TransportConnection client, TransportConnection server) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopped = new();
    private Task _echoing = Task.CompletedTask;

    /// <summary>The listener.</summary>
    public TransportListener Listener { get; } = listener;

    /// <summary>The client's side.</summary>
    public TransportConnection Client { get; } = client;

    /// <summary>The server's side.</summary>
    public TransportConnection Server { get; } = server;

    /// <summary>Lets the server answer every stream with its own bytes until the pair is disposed. Only bidirectional streams may come.</summary>
    public void StartEcho() => _echoing = EchoAsync(Server, _stopped.Token);

    /// <summary>Opens a bidirectional stream from the client and makes the server know it by one byte, which is read there.</summary>
    /// <returns>Both ends; nothing is buffered on either.</returns>
    public async Task<(TransportStream Client, TransportStream Server)> OpenStreamAsync()
    {
        TransportStream client = await Client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout().ConfigureAwait(false);
        await client.Output.WriteAsync(new byte[1]).WithTimeout().ConfigureAwait(false);
        TransportStream server = await Server.AcceptStreamAsync().WithTimeout().ConfigureAwait(false);
        await server.Input.ReadExactlyAsync(1).ConfigureAwait(false);
        return (client, server);
    }

    /// <summary>Ends the echo. The connections belong to the test.</summary>
    /// <returns>A task.</returns>
    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _echoing.WithTimeout().ConfigureAwait(false);
        _stopped.Dispose();
    }

    private static async Task EchoAsync(TransportConnection server, CancellationToken stop)
    {
        var streams = new List<Task>();
        try
        {
            while (true)
            {
                TransportStream stream = await server.AcceptStreamAsync(stop).ConfigureAwait(false);
                streams.RemoveAll(t => t.IsCompletedSuccessfully);
                streams.Add(stream.EchoAsync(stop));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or TransportException)
        {
            await Task.WhenAll(streams).ConfigureAwait(false);
        }
    }
}
