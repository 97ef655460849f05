using Net.Perf.Measuring;

namespace Net.Perf.Subjects;

/// <summary>Something that opens connections one after the other.</summary>
internal interface IHandshakes : IAsyncDisposable
{
    /// <summary>What it is called in the tables.</summary>
    string Name { get; }

    /// <summary>What both ends have sent and asked of the kernel so far; zero where that is not known.</summary>
    TrafficCounters Traffic => default;

    /// <summary>Opens and closes that many connections. Over each the server sends one byte, so that both ends have finished and what follows the handshake has come, tickets too.</summary>
    Task RunAsync(int count);
}
