namespace Net.Chaos.Simulation;

/// <summary>Lets those who wait inside sessions and calls go on as work of the simulation, in order and on its thread.</summary>
internal sealed class SimulationContinuations(SimulationWork work) : Continuations
{
    internal override TaskCreationOptions WaiterOptions => TaskCreationOptions.None;

    internal override void Complete(TaskCompletionSource source) => work.Post(() => source.TrySetResult());

    internal override void Cancel(CancellationTokenSource source) => work.Post(() =>
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
}
