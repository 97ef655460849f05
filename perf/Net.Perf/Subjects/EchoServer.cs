using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Net.Perf.Subjects;

/// <summary>Sends back what it gets, on every stream of a connection. Its workers are used again, so that a stream costs no allocation but the engine's own.</summary>
internal sealed class EchoServer
{
    private readonly Lock _lock = new();
    private readonly Stack<Worker> _idle = new();

    /// <summary>Serves until the connection is over.</summary>
    internal async Task ServeAsync(TransportConnection connection)
    {
        try
        {
            while (true)
            {
                TransportStream stream = await connection.AcceptStreamAsync().ConfigureAwait(false);
                Take().Begin(stream);
            }
        }
        catch (TransportException)
        {
            // The connection is over.
        }
    }

    private Worker Take()
    {
        lock (_lock)
        {
            if (_idle.TryPop(out Worker? worker))
            {
                return worker;
            }
        }

        return new Worker(this);
    }

    private void Return(Worker worker)
    {
        lock (_lock)
        {
            _idle.Push(worker);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask EchoAsync(TransportStream stream)
    {
        while (true)
        {
            ReadResult read = await stream.Input.ReadAsync().ConfigureAwait(false);
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                stream.Output.Write(segment.Span);
            }

            stream.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                // Disposing the stream flushes what was written and sends it together with the FIN.
                return;
            }

            await stream.Output.FlushAsync().ConfigureAwait(false);
        }

    }

    // One endless loop that waits for its next stream.
    private sealed class Worker : IValueTaskSource<TransportStream>
    {
        private readonly EchoServer _server;
        private ManualResetValueTaskSourceCore<TransportStream> _next;

        internal Worker(EchoServer server)
        {
            _server = server;
            _ = RunAsync();
        }

        internal void Begin(TransportStream stream) => _next.SetResult(stream);

        TransportStream IValueTaskSource<TransportStream>.GetResult(short token) => _next.GetResult(token);

        ValueTaskSourceStatus IValueTaskSource<TransportStream>.GetStatus(short token) => _next.GetStatus(token);

        void IValueTaskSource<TransportStream>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _next.OnCompleted(continuation, state, token, flags);

        private async Task RunAsync()
        {
            while (true)
            {
                TransportStream stream = await new ValueTask<TransportStream>(this, _next.Version).ConfigureAwait(false);
                try
                {
                    await EchoAsync(stream).ConfigureAwait(false);
                }
                catch (TransportException)
                {
                    // The peer has reset the stream, or the connection is over.
                }

                await stream.DisposeAsync().ConfigureAwait(false);
                _next.Reset();
                _server.Return(this);
            }
        }
    }
}
