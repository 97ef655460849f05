using Net.Chaos.Ledgers;

namespace Net.Chaos.Simulation;

/// <summary>A call under way: its line in the ledger, what it sends, and how its caller gives up.</summary>
internal sealed class SimulatedCall(CallRecord record, byte[] content) : IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();

    internal CallRecord Record => record;

    internal byte[] Content => content;

    /// <summary>Attempts that are being sent now.</summary>
    internal int Sending { get; set; }

    /// <summary>Whether a session was given it, for calls of gRPC.</summary>
    internal bool WasSent { get; set; }

    /// <summary>Whether a channel has it, which may let it wait or send it again.</summary>
    internal bool IsInChannel { get; set; } = true;

    /// <summary>Who gave the answer that came last; <c>null</c>: nobody yet.</summary>
    internal ChannelEndPoint? AnsweredBy { get; set; }

    /// <summary>Is over when the call is.</summary>
    internal Task Run { get; set; } = Task.CompletedTask;

    internal CancellationToken Token => _cancellation.Token;

    internal void Cancel() => _cancellation.Cancel();

    public void Dispose() => _cancellation.Dispose();
}
