using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>A resolver's answers become the channel's end points.</summary>
[TestClass]
public sealed class ResolverTests
{
    [TestMethod]
    public async Task Resolver_WhoseAnswersCome_SetsTheEndPointsAndCallsWaitForTheFirst()
    {
        var resolver = new ScriptedResolver();
        var protocol = new FakeChannelProtocol();
        var channel = new NetChannel(new NetChannelOptions { Resolver = resolver, WarmUp = [protocol], Tls = new FakeTlsSource(), Health = null });
        Task<ChannelLease> waiting = channel.RentAsync(protocol, default).AsTask();
        Assert.IsFalse(waiting.IsCompleted);
        resolver.Answer("10.0.0.1:443");
        ChannelLease lease = await waiting.WithTimeout();
        Assert.AreEqual("10.0.0.1", lease.EndPoint.Address.Host);
        lease.Dispose();

        var removed = new TaskCompletionSource();
        channel.Changed += (_, e) =>
        {
            if (e.Kind == ChannelEventKind.EndPointRemoved)
            {
                removed.TrySetResult();
            }
        };
        resolver.Answer("10.0.0.2:443", "10.0.0.3:443");
        await removed.Task.WithTimeout();
        await channel.WarmUpAsync(protocol, 2).WithTimeout();
        Assert.AreEqual("10.0.0.2 10.0.0.3", string.Join(' ', channel.GetSnapshot().EndPoints.Where(static e => !e.IsRemoved).Select(static e => e.EndPoint.Address.Host)));
        await channel.DisposeAsync().WithTimeout();
        Assert.IsTrue(resolver.HasEnded);
    }

    private sealed class ScriptedResolver : EndPointResolver
    {
        private readonly Channel<ImmutableArray<ChannelEndPoint>> _answers = System.Threading.Channels.Channel.CreateUnbounded<ImmutableArray<ChannelEndPoint>>();

        public override string Name => "scripted";

        internal bool HasEnded { get; private set; }

        internal void Answer(params string[] endPoints) => _answers.Writer.TryWrite([.. endPoints.Select(ChannelEndPoint.Parse)]);

        public override async IAsyncEnumerable<ImmutableArray<ChannelEndPoint>> ResolveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            try
            {
                await foreach (ImmutableArray<ChannelEndPoint> answer in _answers.Reader.ReadAllAsync(cancellationToken))
                {
                    yield return answer;
                }
            }
            finally
            {
                HasEnded = true;
            }
        }
    }
}
