using Net.Chaos.Ledgers;
using Net.Chaos.Simulation;
using Net.Client;

namespace Net.ChaosTests.Simulation;

/// <summary>Faulty parts, each with one fault that a simulation must find.</summary>
internal static class FlawedParts
{
    /// <summary>Takes every failure for one that the server never processed.</summary>
    internal sealed class Careless : SimulationParts
    {
        internal override SimulatedCallHandler MakeHandler(TimeProvider timeProvider) => new CarelessHandler(timeProvider);
    }

    /// <summary>A host that answers every tenth call with something else.</summary>
    internal sealed class Confused : SimulationParts
    {
        private int _answers;

        internal override byte[] Answer(UInt128 id, byte[] request) => ++_answers % 10 == 0 ? [.. request, 1] : request;
    }

    /// <summary>A caller that is never told how its fifth call ended.</summary>
    internal sealed class Silent : SimulationParts
    {
        private int _ends;

        internal override void End(CallRecord record, CallResult result, TimeSpan at, string detail, bool wrongAnswer)
        {
            if (++_ends != 5)
            {
                base.End(record, result, at, detail, wrongAnswer);
            }
        }
    }

    /// <summary>A caller that is told twice.</summary>
    internal sealed class Talkative : SimulationParts
    {
        internal override void End(CallRecord record, CallResult result, TimeSpan at, string detail, bool wrongAnswer)
        {
            base.End(record, result, at, detail, wrongAnswer);
            base.End(record, CallResult.Unknown, at, detail, wrongAnswer);
        }
    }

    /// <summary>Tells gRPC of every call that it may be made twice.</summary>
    internal sealed class Forgetful : SimulationParts
    {
        internal override Idempotency IdempotencyOf(bool isIdempotent) => Idempotency.Idempotent;
    }

    /// <summary>Takes every call for one that may be made twice, and so sends it early.</summary>
    internal sealed class Hasty : SimulationParts
    {
        internal override SimulatedCallHandler MakeHandler(TimeProvider timeProvider) => new HastyHandler(timeProvider);
    }

    private sealed class HastyHandler(TimeProvider timeProvider) : SimulatedCallHandler(timeProvider)
    {
        protected override Idempotency StreamIdempotency(AttemptContext attempt) => Idempotency.Idempotent;
    }

    private sealed class CarelessHandler(TimeProvider timeProvider) : SimulatedCallHandler(timeProvider)
    {
        public override AttemptVerdict Classify(SimulatedCall request, Exception exception) => base.Classify(request, exception) with { IsUnprocessed = true };
    }
}
