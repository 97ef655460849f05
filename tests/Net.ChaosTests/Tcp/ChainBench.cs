using System.Text;
using Net.Chaos.Proxy;
using Net.Chaos.Tcp;
using Net.ChaosTests.Udp;
using Net.Testing;

namespace Net.ChaosTests.Tcp;

/// <summary>One direction of a TCP connection in memory on a clock that the test moves.</summary>
internal sealed class ChainBench : IStreamSink
{
    private readonly ChaosClock _clock;

    internal ChainBench(ulong seed = 1)
    {
        _clock = new ChaosClock(Time);
        Chain = new StreamChain(ToxicStream.Downstream, new ChainIdentity(seed, "p", 0), _clock, [], this);
    }

    internal ManualTimeProvider Time { get; } = new();

    internal StreamChain Chain { get; }

    /// <summary>What came out: the time in ms and the text of each chunk, or the end.</summary>
    internal List<(double At, string What)> Output { get; } = [];

    internal string AllText => string.Concat(Output.Where(static o => o.What[0] != '<').Select(static o => o.What));

    internal Toxic Add(string type, string attributes = "{}", float toxicity = 1, string? name = null)
    {
        ToxicType found = ToxicTypes.Find(type, ProxyProtocol.Tcp);
        var toxic = new Toxic(found, name ?? type, ToxicStream.Downstream, toxicity, new ToxicAttributes(found.Attributes).With(RelayBench.Parse(attributes), ignoresUnknown: true), _clock.Now);
        Chain.Add(toxic);
        return toxic;
    }

    internal void Send(string text) => Chain.Receive(Encoding.UTF8.GetBytes(text));

    internal void Advance(double milliseconds)
    {
        TimeSpan target = Time.Elapsed + TimeSpan.FromMilliseconds(milliseconds);
        while (Chain.NextDue is { } due && due <= target)
        {
            if (due > Time.Elapsed)
            {
                Time.Advance(due - Time.Elapsed);
            }

            Chain.Wake();
        }

        Time.Advance(target - Time.Elapsed);
    }

    void IStreamSink.Write(StreamChunk chunk)
    {
        Output.Add((Time.Elapsed.TotalMilliseconds, Encoding.UTF8.GetString(chunk.Span)));
        chunk.Return();
    }

    void IStreamSink.End(StreamEnd end) => Output.Add((Time.Elapsed.TotalMilliseconds, $"<{end}>"));
}
