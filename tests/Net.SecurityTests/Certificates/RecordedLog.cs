using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Net.SecurityTests.Certificates;

/// <summary>Keeps what is logged, so that tests can ask for it.</summary>
internal sealed class RecordedLog : ILoggerFactory, ILogger
{
    internal ConcurrentQueue<(string Event, string Text)> Entries { get; } = [];

    internal int Count(string eventName) => Entries.Count(entry => entry.Event == eventName);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Entries.Enqueue((eventId.Name ?? "", formatter(state, exception)));

    public void Dispose()
    {
    }
}
