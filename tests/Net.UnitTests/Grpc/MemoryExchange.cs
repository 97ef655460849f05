using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Net.Grpc;
using Net.Testing;

namespace Net.UnitTests.Grpc;

/// <summary>One request and its response in memory, with a test in the client's place.</summary>
internal sealed class MemoryExchange : GrpcServerExchange, IDisposable
{
    private readonly Pipe _request = new();
    private readonly Pipe _response = new(new PipeOptions(pauseWriterThreshold: 1024, resumeWriterThreshold: 512));
    private readonly CancellationTokenSource _aborted = new();
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Dictionary<string, string> RequestHeaders { get; } = [];

    internal List<(string Name, string Value)> Headers { get; } = [];

    internal List<(string Name, string Value)> Trailers { get; } = [];

    /// <summary>Completes when the response was completed while the handler ran.</summary>
    internal Task CompletedEarly => _completed.Task;

    /// <summary>Whether the server aborted the stream.</summary>
    internal bool WasAborted { get; private set; }

    internal override PipeReader Input => _request.Reader;

    internal override PipeWriter Output => _response.Writer;

    internal override CancellationToken Aborted => _aborted.Token;

    internal override string PeerAddress => "192.0.2.1";

    internal override int PeerPort => 50_000;

    internal override string? Authority => "server.example:443";

    internal override X509Certificate2? ClientCertificate => null;

    internal override IServiceProvider? Services => null;

    internal override object? Host => null;

    /// <summary>The status, wherever it was sent.</summary>
    internal GrpcStatus Status
    {
        get
        {
            List<(string Name, string Value)> from = Trailers.Count > 0 ? Trailers : Headers;
            return new GrpcStatus(GrpcStatusNames.Parse(from.Single(h => h.Name == "grpc-status").Value), from.SingleOrDefault(h => h.Name == "grpc-message").Value ?? "");
        }
    }

    internal bool IsTrailersOnly => Trailers.Count == 0 && Headers.Any(h => h.Name == "grpc-status");

    internal async Task SendAsync(IMessage message, GrpcEncoding encoding = GrpcEncoding.Identity)
    {
        MessageFraming.Write(_request.Writer, message, encoding, maxSize: null);
        await _request.Writer.FlushAsync();
    }

    internal async Task SendBytesAsync(byte[] bytes) => await _request.Writer.WriteAsync(bytes);

    internal void EndRequest() => _request.Writer.Complete();

    /// <summary>The client resets the stream: reading fails, and the token is cancelled.</summary>
    internal void Reset()
    {
        _request.Writer.Complete(new IOException("The stream was reset."));
        _response.Reader.Complete();
        _aborted.Cancel();
    }

    internal async Task<T> ReadAsync<T>(MessageParser<T> parser, GrpcEncoding encoding = GrpcEncoding.Identity)
        where T : class, IMessage<T> =>
        await new MessageSource<T>(_response.Reader, parser, maxSize: null) { Encoding = encoding }.ReadAsync(CancellationToken.None).WithTimeout()
            ?? throw new InvalidOperationException("The response has ended.");

    /// <summary>All messages that were written, when the call is over.</summary>
    internal async Task<List<T>> ReadAllAsync<T>(MessageParser<T> parser, GrpcEncoding encoding = GrpcEncoding.Identity)
        where T : class, IMessage<T>
    {
        await _response.Writer.CompleteAsync();
        var source = new MessageSource<T>(_response.Reader, parser, maxSize: null) { Encoding = encoding };
        List<T> messages = [];
        while (await source.ReadAsync(CancellationToken.None).WithTimeout() is { } message)
        {
            messages.Add(message);
        }

        return messages;
    }

    public void Dispose() => _aborted.Dispose();

    internal override string? GetRequestHeader(string name) => RequestHeaders.GetValueOrDefault(name);

    internal override void CopyRequestHeaders(GrpcMetadata target)
    {
        foreach ((string name, string value) in RequestHeaders)
        {
            target.AddReceived(name, value);
        }
    }

    internal override void AppendResponseHeader(string name, string value) => Headers.Add((name, value));

    internal override void AppendTrailer(string name, string value) => Trailers.Add((name, value));

    internal override void Abort()
    {
        WasAborted = true;
        _aborted.Cancel();
    }

    internal override Task CompleteResponseAsync()
    {
        _completed.TrySetResult();
        return Task.CompletedTask;
    }
}
