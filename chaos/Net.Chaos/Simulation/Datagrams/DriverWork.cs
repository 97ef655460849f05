using Net.Ngtcp2.Driver;

namespace Net.Chaos.Simulation.Datagrams;

/// <summary>An action as work of a driver's.</summary>
internal sealed class DriverWork(Action action) : IDriverWork
{
    public void Run() => action();
}
