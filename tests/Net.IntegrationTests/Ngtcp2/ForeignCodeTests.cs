using Microsoft.Extensions.Logging;
using Net.Ngtcp2;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Code of the application that an engine calls and that throws harms neither the loops nor the connections.</summary>
[TestClass]
public sealed class ForeignCodeTests : Ngtcp2Test
{
    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task Logger_ThrowsEachTime_ConnectionsComeAndGoAllTheSame(string address)
    {
        var log = new BrokenLog();
        Ngtcp2Engine engine = NewEngine(o => o with { LoggerFactory = log });
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        for (int i = 0; i < 2; i++)
        {
            (TransportConnection client, TransportConnection accepted) = await ConnectAsync(engine, server);
            await Echo.RoundTripAsync(client, "served");
            await client.CloseAsync(1).WithTimeout();
            await accepted.Closed.WithTimeout();
        }

        Assert.IsGreaterThan(0, log.Calls);
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public async Task EventHandler_Throws_IsLoggedAndTheConnectionGoesOn(string address)
    {
        using var log = new CollectedLog();
        Ngtcp2Engine engine = NewEngine(o => o with { LoggerFactory = log });
        EchoServer server = await ListenAsync(engine, ListenOn(address));
        (TransportConnection client, TransportConnection accepted) = await ConnectAsync(engine, server);
        client.Draining += static (_, _) => throw new InvalidTimeZoneException("The handler's own fault.");
        await Echo.RoundTripAsync(client, "served");

        await accepted.CloseAsync(1).WithTimeout();

        await Waiting.Until(() => log.Entries.Any(static e => e is { Event: "EventHandlerFailed", Level: LogLevel.Error, Exception: InvalidTimeZoneException }), "the failure is logged");
        (TransportConnection next, _) = await ConnectAsync(engine, server);
        await Echo.RoundTripAsync(next, "still served");
    }

    private sealed class BrokenLog : ILoggerFactory, ILogger
    {
        private int _calls;

        internal int Calls => Volatile.Read(ref _calls);

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("This factory has the one logger it is.");

        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Interlocked.Increment(ref _calls);
            throw new IOException("The disk of the log is full.");
        }
    }
}
