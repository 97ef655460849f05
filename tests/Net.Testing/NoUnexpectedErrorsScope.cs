using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <summary>Collects logs and fails the test that leaves an error in them which it did not foresee.</summary>
/// <remarks>Give it to engines and servers as their logger factory and call <see cref="AssertNone"/>, or dispose it, when they are disposed.</remarks>
public sealed class NoUnexpectedErrorsScope : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly ConcurrentDictionary<string, bool> _expected = new();

    /// <summary>Foresees an error.</summary>
    /// <param name="eventName">Name of the log event.</param>
    public void Expect(string eventName) => _expected[eventName] = true;

    /// <summary>Fails when an error was logged that was not foreseen.</summary>
    public void AssertNone() => Assert.IsTrue(_errors.IsEmpty, $"Errors were logged that the test did not expect:{Environment.NewLine}{string.Join(Environment.NewLine, _errors)}");

    /// <inheritdoc cref="AssertNone"/>
    public void Dispose() => AssertNone();

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("This factory has the one logger it is.");

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        if (IsEnabled(logLevel) && !_expected.ContainsKey(eventId.Name ?? ""))
        {
            _errors.Enqueue($"{logLevel} {eventId.Name}: {formatter(state, exception)} {exception}");
        }
    }
}
