using Net.Client;

namespace Net.ClientTests.Resilience;

/// <summary>What a scripted attempt returns: its verdict is what it says.</summary>
internal sealed class FakeReply(AttemptVerdict verdict, string text = "") : IDisposable
{
    internal AttemptVerdict Verdict => verdict;

    internal string Text => text;

    internal int Disposed { get; private set; }

    public void Dispose() => Disposed++;

    internal static FakeReply Ok(string text = "ok") => new(new AttemptVerdict(CallOutcome.Success), text);

    internal static FakeReply Of(CallOutcome outcome) => new(new AttemptVerdict(outcome), outcome.ToString());
}
