using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>What the engines of one test logged.</summary>
internal sealed class CollectedLog : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<LogEntry> _entries = new();

    internal IReadOnlyCollection<LogEntry> Entries => _entries;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("This factory has the one logger it is.");

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _entries.Enqueue(new LogEntry(logLevel, eventId.Name ?? "", formatter(state, exception), exception));
}

/// <summary>One line of a log.</summary>
internal sealed record LogEntry(LogLevel Level, string Event, string Text, Exception? Exception);
