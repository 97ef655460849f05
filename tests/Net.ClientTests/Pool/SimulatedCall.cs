using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>One call of a simulation, and how often it ended.</summary>
internal sealed class SimulatedCall(TimeSpan deadline) : IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();
    private ITimer? _timer;
    private Action? _finish;

    internal TimeSpan Deadline => deadline;

    internal CancellationToken Token => _cancellation.Token;

    internal Task<ChannelLease> Renting { get; set; } = null!;

    internal int Outcomes { get; private set; }

    internal int Outcome { get; private set; }

    internal bool IsOver => Outcomes > 0;

    /// <summary>The caller gives up: it stops waiting, or resets its stream.</summary>
    internal void Cancel()
    {
        if (!IsOver)
        {
            _cancellation.Cancel();
            Finish();
        }
    }

    /// <summary>The call runs for a time, or until its session is gone.</summary>
    internal void Serve(ManualTimeProvider time, TimeSpan takes, FakeChannelSession session, Action finish)
    {
        _finish = finish;
        _timer = time.CreateTimer(static call => ((SimulatedCall)call!).Finish(), this, takes, Timeout.InfiniteTimeSpan);
        _ = session.Closed.ContinueWith(_ => Finish(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    internal void End(int outcome)
    {
        Outcomes++;
        Outcome = outcome;
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _cancellation.Dispose();
    }

    private void Finish()
    {
        Action? finish = Interlocked.Exchange(ref _finish, null);
        _timer?.Dispose();
        finish?.Invoke();
    }
}
