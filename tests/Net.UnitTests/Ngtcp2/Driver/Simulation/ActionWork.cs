using Net.Ngtcp2.Driver;

namespace Net.UnitTests.Ngtcp2.Driver.Simulation;

/// <summary>An action as work on a driver's thread, where the application's own calls would put it.</summary>
internal sealed class ActionWork(Action action) : IDriverWork
{
    public void Run() => action();
}
