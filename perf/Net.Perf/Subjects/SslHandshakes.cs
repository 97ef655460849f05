using System.Net.Security;

namespace Net.Perf.Subjects;

/// <summary>Handshakes of SslStream over TCP, with the same certificates.</summary>
internal sealed class SslHandshakes(string name, Certificates certificates, bool mutual, bool resumes) : IHandshakes
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly byte[] Greeting = [1];
    private readonly SslPair _pair = new(certificates);
    private readonly byte[] _buffer = new byte[16];

    public string Name => name;

    public async Task RunAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            (SslStream client, SslStream server) = await _pair.ConnectAsync(mutual, resumes).ConfigureAwait(false);
            await server.WriteAsync(Greeting).ConfigureAwait(false);
            if (await client.ReadAsync(_buffer).AsTask().WaitAsync(Patience).ConfigureAwait(false) != Greeting.Length)
            {
                throw new IOException("The TLS connection ended early.");
            }

            await client.DisposeAsync().ConfigureAwait(false);
            await server.DisposeAsync().ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync()
    {
        _pair.Dispose();
        return ValueTask.CompletedTask;
    }
}
