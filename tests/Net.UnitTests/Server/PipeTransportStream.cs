using System.IO.Pipelines;

namespace Net.UnitTests.Server;

/// <summary>A stream over two bare pipes whose continuations run inline, so that what the layers above allocate and do can be seen alone.</summary>
internal sealed class PipeTransportStream(PipeReader input, PipeWriter output) : TransportStream
{
    private readonly TaskCompletionSource _completion = new();

    public override long Id => 0;

    public override StreamDirection Direction => StreamDirection.Bidirectional;

    public override bool IsLocallyInitiated => true;

    public override PipeReader Input { get; } = input;

    public override PipeWriter Output { get; } = output;

    public override StreamPriority Priority { get; set; }

    public override bool IsEarlyData => false;

    public override Task Completion => _completion.Task;

    public override Task SendCompletion => _completion.Task;

    internal List<string> Aborts { get; } = [];

    /// <summary>Two ends; what one writes the other reads.</summary>
    internal static (PipeTransportStream Client, PipeTransportStream Server) CreatePair(int sendBuffer = 64 << 10)
    {
        var options = new PipeOptions(
            readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: sendBuffer, resumeWriterThreshold: sendBuffer / 2, useSynchronizationContext: false);
        var up = new Pipe(options);
        var down = new Pipe(options);
        return (new PipeTransportStream(down.Reader, up.Writer), new PipeTransportStream(up.Reader, down.Writer));
    }

    public override void AbortRead(long errorCode) => Aborts.Add($"read {errorCode}");

    public override void AbortWrite(long errorCode) => Aborts.Add($"write {errorCode}");

    public override ValueTask DisposeAsync()
    {
        _completion.TrySetResult();
        return ValueTask.CompletedTask;
    }
}
