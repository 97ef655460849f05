using Net.Client;

namespace Net.ClientTests.Resilience;

/// <summary>Attempts that do what a test says, and write down what they were asked.</summary>
internal sealed class FakeHandler(Func<AttemptContext, CancellationToken, ValueTask<FakeReply>> script) : CallHandler<string, FakeReply>
{
    internal List<AttemptContext> Attempts { get; } = [];

    internal List<FakeReply> Discarded { get; } = [];

    /// <summary>The lease of the latest attempt.</summary>
    internal ChannelLease Lease { get; private set; }

    /// <summary>Answers the n-th attempt with the n-th reply, and all that follow with the last.</summary>
    internal static FakeHandler Replying(params FakeReply[] replies) =>
        new((attempt, _) => new ValueTask<FakeReply>(replies[Math.Min(attempt.Number, replies.Length) - 1]));

    /// <summary>Fails the n-th attempt with the n-th exception, and succeeds when there is none.</summary>
    internal static FakeHandler Throwing(params Exception[] exceptions) =>
        new((attempt, _) => attempt.Number <= exceptions.Length ? throw exceptions[attempt.Number - 1] : new ValueTask<FakeReply>(FakeReply.Ok()));

    public override ValueTask<FakeReply> SendAsync(string request, ChannelLease lease, AttemptContext attempt, CancellationToken cancellationToken)
    {
        lock (Attempts)
        {
            Attempts.Add(attempt);
            Lease = lease;
        }

        return script(attempt, cancellationToken);
    }

    public override AttemptVerdict Classify(string request, FakeReply result) => result.Verdict;

    public override void Discard(string request, FakeReply result)
    {
        lock (Attempts)
        {
            Discarded.Add(result);
        }

        base.Discard(request, result);
    }
}
