using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Net.Testing;

namespace Net.UnitTests.Server;

/// <summary>Keeps what is logged.</summary>
internal sealed class LogRecorder : ILoggerFactory, ILogger
{
    private readonly Lock _gate = new();
    private readonly List<(int Id, TaskCompletionSource Waiter)> _waiters = [];

    internal ConcurrentQueue<(LogLevel Level, EventId Id, string Message, Exception? Exception)> Entries { get; } = [];

    /// <summary>Waits for an entry: the server writes many of them after the peer has what they tell of.</summary>
    internal Task WhenLogged(int id)
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiters.Add((id, waiter));
        }

        // After the list, which is looked at after the entry is kept: one of both sees the other.
        if (Entries.Any(entry => entry.Id.Id == id))
        {
            waiter.TrySetResult();
        }

        return waiter.Task.WithTimeout(awaited: $"log entry {id}");
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Entries.Enqueue((logLevel, eventId, formatter(state, exception), exception));
        lock (_gate)
        {
            foreach ((int id, TaskCompletionSource waiter) in _waiters)
            {
                if (id == eventId.Id)
                {
                    waiter.TrySetResult();
                }
            }
        }
    }
}
