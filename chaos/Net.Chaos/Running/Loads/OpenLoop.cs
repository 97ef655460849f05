using Net.Chaos.Scenarios;

namespace Net.Chaos.Running.Loads;

/// <summary>Begins calls at a rate, whatever became of those before: a load that waits for answers would hide the outage that it is to measure.</summary>
internal static class OpenLoop
{
    // Calls that are late by a scheduler's turn are begun together; the rate stays what it is.
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(4);

    /// <summary>Most calls under way at once; beyond it the load is not the scenario's any more, and the run says so.</summary>
    internal const int MaxInFlight = 50_000;

    /// <summary>Runs until the load ends, and then until the last call has an outcome.</summary>
    /// <param name="plan">How many in a second, and how many at once before.</param>
    /// <param name="call">Makes one; it notes its own outcome and throws nothing.</param>
    /// <param name="timeProvider">Where time comes from.</param>
    /// <param name="loadEnds">When no more calls begin.</param>
    /// <exception cref="RunException">Too many calls are under way.</exception>
    internal static async Task RunAsync(LoadPlan plan, Func<Task> call, TimeProvider timeProvider, CancellationToken loadEnds)
    {
        var calls = new HashSet<Task>();
        long started = timeProvider.GetTimestamp();
        long begun = 0;
        try
        {
            while (!loadEnds.IsCancellationRequested)
            {
                for (long due = plan.Burst + (long)(timeProvider.GetElapsedTime(started).TotalSeconds * plan.Rate); begun < due && !loadEnds.IsCancellationRequested; begun++)
                {
                    Task running = call();
                    if (!running.IsCompletedSuccessfully)
                    {
                        calls.Add(running);
                    }
                }

                calls.RemoveWhere(static c => c.IsCompletedSuccessfully);
                if (calls.Count > MaxInFlight)
                {
                    throw new RunException($"More than {MaxInFlight} calls are under way at once: lower the rate or the deadline of the load.");
                }

                await Task.Delay(Turn, timeProvider, loadEnds).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (loadEnds.IsCancellationRequested)
        {
            // No more calls begin; those that run are waited for below.
        }

        await Task.WhenAll(calls).ConfigureAwait(false);
    }
}
