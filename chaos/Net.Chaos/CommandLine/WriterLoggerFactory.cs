using Microsoft.Extensions.Logging;

namespace Net.Chaos.CommandLine;

/// <summary>Logs one line for each event to a writer.</summary>
internal sealed class WriterLoggerFactory(TextWriter writer, LogLevel level) : ILoggerFactory, ILogger
{
    private readonly Lock _lock = new();

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("This factory has the one logger it is.");

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= level && logLevel != LogLevel.None;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            lock (_lock)
            {
                writer.WriteLine($"net-chaos: {logLevel} {eventId.Name}: {formatter(state, exception)}{(exception is null ? "" : " " + exception)}");
            }
        }
    }

    /// <summary>Nothing: the writer is its owner's.</summary>
    public void Dispose()
    {
    }
}
