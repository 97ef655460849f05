using Microsoft.Extensions.Logging;

namespace Net.UnitTests.Ngtcp2.Driver.Simulation;

/// <summary>Collects what drivers log as their own failure, as they go on without their test noticing otherwise.</summary>
internal sealed class FailureLog : ILogger
{
    /// <summary>The first failure, or <c>null</c>.</summary>
    internal Exception? First { get; private set; }

    /// <summary>Whether a test causes failures and looks at them itself.</summary>
    internal bool AreExpected { get; set; }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            First ??= exception ?? new InvalidOperationException(formatter(state, null));
        }
    }

    /// <summary>Fails the test when something was logged.</summary>
    internal void ThrowIfFailed()
    {
        if (!AreExpected && First is { } failure)
        {
            throw failure is AssertFailedException ? failure : new AssertFailedException($"A driver failed: {failure.Message}", failure);
        }
    }
}
