namespace Net.Chaos.Simulation;

/// <summary>Lets those who wait inside sessions and calls go on as work of the simulation, in order and on its thread.</summary>
internal sealed class SimulationContinuations(SimulationWork work, SimulationClock clock) : Continuations
{
    internal override TaskCreationOptions WaiterOptions => TaskCreationOptions.None;

    internal override void Complete(TaskCompletionSource source) => Post(() => source.TrySetResult());

    internal override void Cancel(CancellationTokenSource source) => Post(() =>
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Its owner has ended meanwhile, and with it all who listened.
        }
    });

    private void Post(Action action)
    {
        clock.Check();
        work.Post(action);
    }
}
