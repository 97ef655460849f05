namespace Net.Perf.Measuring;

/// <summary>Ends the program when it takes longer than it may, so that a hang is seen and not waited for.</summary>
internal sealed class Watchdog : IDisposable
{
    private readonly Timer _timer;

    internal Watchdog(TimeSpan deadline) => _timer = new Timer(
        _ =>
        {
            Console.Error.WriteLine($"Not done after {deadline.TotalSeconds:N0} s: the program ends here. A longer time can be given with --deadline.");
            Environment.Exit(3);
        },
        null, deadline, Timeout.InfiniteTimeSpan);

    public void Dispose() => _timer.Dispose();
}
