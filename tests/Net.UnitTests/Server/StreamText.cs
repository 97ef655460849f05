using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Net.Testing;

namespace Net.UnitTests.Server;

/// <summary>Texts over pipes, each wait with a limit.</summary>
internal static class StreamText
{
    internal static Task<FlushResult> SendAsync(this IDuplexPipe pipe, string text) => pipe.Output.WriteAsync(Encoding.UTF8.GetBytes(text)).WithTimeout();

    /// <summary>Reads as many bytes as the text has.</summary>
    internal static async Task<string> ReceiveAsync(this IDuplexPipe pipe, int bytes)
    {
        ReadResult read = await pipe.Input.ReadAtLeastAsync(bytes).WithTimeout();
        ReadOnlySequence<byte> taken = read.Buffer.Slice(0, Math.Min(bytes, read.Buffer.Length));
        string text = Encoding.UTF8.GetString(taken);
        pipe.Input.AdvanceTo(taken.End);
        return text;
    }

    internal static async Task<string> ReceiveAllAsync(this IDuplexPipe pipe)
    {
        var all = new MemoryStream();
        while (true)
        {
            ReadResult read = await pipe.Input.ReadAsync().WithTimeout();
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                all.Write(segment.Span);
            }

            pipe.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return Encoding.UTF8.GetString(all.ToArray());
            }
        }
    }

    internal static async Task<TransportException> FailsAsync(this IDuplexPipe pipe) =>
        await Assert.ThrowsExactlyAsync<TransportException>(async () => await pipe.ReceiveAllAsync());
}
