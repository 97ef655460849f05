using System.Runtime.InteropServices;

namespace Net.Hosting.Serving;

/// <summary>SIGINT and SIGTERM: the first asks to end, the second to end at once, a third is the system's to handle.</summary>
internal sealed class ShutdownSignals : IDisposable
{
    private readonly CancellationTokenSource _first = new();
    private readonly CancellationTokenSource _second = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private int _count;

    internal ShutdownSignals()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle);
    }

    /// <summary>The first signal; <c>null</c>: none has come.</summary>
    internal PosixSignal? First { get; private set; }

    /// <summary>The second signal; <c>null</c>: it has not come.</summary>
    internal PosixSignal? Second { get; private set; }

    /// <summary>Cancelled by the first signal.</summary>
    internal CancellationToken Stop => _first.Token;

    /// <summary>Cancelled by the second signal.</summary>
    internal CancellationToken StopAtOnce => _second.Token;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _first.Dispose();
        _second.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        int count = Interlocked.Increment(ref _count);
        context.Cancel = count <= 2;
        if (count == 1)
        {
            First = context.Signal;
            _ = _first.CancelAsync();
        }
        else if (count == 2)
        {
            Second = context.Signal;
            _ = _second.CancelAsync();
        }
    }
}
