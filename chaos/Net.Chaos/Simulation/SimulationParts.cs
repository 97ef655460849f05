using Net.Chaos.Ledgers;

namespace Net.Chaos.Simulation;

/// <summary>The parts of a simulation that know of calls. A test shows with a faulty one that the fault is found.</summary>
internal class SimulationParts
{
    /// <summary>What sends calls.</summary>
    internal virtual SimulatedCallHandler MakeHandler(TimeProvider timeProvider) => new(timeProvider);

    /// <summary>What gRPC is told of a call.</summary>
    internal virtual Idempotency IdempotencyOf(bool isIdempotent) => isIdempotent ? Idempotency.Idempotent : Idempotency.NonIdempotent;

    /// <summary>What a host answers to a request.</summary>
    internal virtual byte[] Answer(UInt128 id, byte[] request) => request;

    /// <summary>Notes how a call ended.</summary>
    internal virtual void End(CallRecord record, CallResult result, TimeSpan at, string detail, bool wrongAnswer) => record.End(result, at, detail, wrongAnswer: wrongAnswer);
}
