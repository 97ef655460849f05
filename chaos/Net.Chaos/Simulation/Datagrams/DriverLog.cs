using Microsoft.Extensions.Logging;

namespace Net.Chaos.Simulation.Datagrams;

/// <summary>Ends the run with what drivers log as failures of their own, which nobody would notice otherwise.</summary>
internal sealed class DriverLog(SimulationWorld world) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            world.Fail(exception ?? new InvalidOperationException(formatter(state, null)));
        }
    }
}
