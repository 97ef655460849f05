using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>Idle timeout and keep-alive, in real time: only that events come or do not, never when.</content>
public abstract partial class EngineConformanceTests
{
    private static readonly TimeSpan ShortIdle = TimeSpan.FromMilliseconds(300);

    [TestMethod]
    public async Task IdleTimeout_NothingHappens_BothSidesLoseTheConnection()
    {
        ConformancePair pair = await ConnectPairAsync(o => o with { IdleTimeout = ShortIdle }, o => o with { IdleTimeout = ShortIdle });

        await AssertLostAsync(pair.Client);
        await AssertLostAsync(pair.Server);
    }

    [TestMethod]
    public async Task IdleTimeout_ClientsIsSmaller_CountsForBothSides()
    {
        ConformancePair pair = await ConnectPairAsync(o => o with { IdleTimeout = ShortIdle });

        await AssertLostAsync(pair.Client);
        await AssertLostAsync(pair.Server);
    }

    [TestMethod]
    public async Task IdleTimeout_ServersIsSmaller_CountsForBothSides()
    {
        ConformancePair pair = await ConnectPairAsync(server: o => o with { IdleTimeout = ShortIdle });

        await AssertLostAsync(pair.Client);
        await AssertLostAsync(pair.Server);
    }

    [TestMethod]
    public async Task IdleTimeout_OperationsPending_FailAsConnectionLost()
    {
        ConformancePair pair = await ConnectPairAsync(o => o with { IdleTimeout = ShortIdle });
        (TransportStream client, _) = await pair.OpenStreamAsync();
        Task reading = client.Input.ReadAsync().AsTask();
        Task accepting = pair.Client.AcceptStreamAsync().AsTask();

        await FailsAsync(TransportError.ConnectionLost, () => reading);
        await FailsAsync(TransportError.ConnectionLost, () => accepting);
        await FailsAsync(TransportError.ConnectionLost, () => client.SendCompletion);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task KeepAlive_OfEitherSide_OutlivesTheIdleTimeout(bool byClient)
    {
        TimeSpan idle = TimeSpan.FromSeconds(1);
        TimeSpan interval = TimeSpan.FromMilliseconds(200);
        ConformancePair pair = await ConnectPairAsync(
            o => o with { IdleTimeout = idle, KeepAliveInterval = byClient ? interval : Timeout.InfiniteTimeSpan },
            o => o with { IdleTimeout = idle, KeepAliveInterval = byClient ? Timeout.InfiniteTimeSpan : interval });
        pair.StartEcho();

        Task threeIdlePeriods = Task.Delay(3 * idle, TimeProvider.System);
        await Task.WhenAny(threeIdlePeriods, pair.Client.Closed, pair.Server.Closed).WithTimeout();

        Assert.IsFalse(pair.Client.Closed.IsCompleted);
        Assert.IsFalse(pair.Server.Closed.IsCompleted);
        await pair.Client.AssertEchoesAsync();
    }

    [TestMethod]
    public async Task IdleTimeout_InfiniteOnBothSides_ConnectionStays()
    {
        ConformancePair pair = await ConnectPairAsync(
            o => o with { IdleTimeout = Timeout.InfiniteTimeSpan }, o => o with { IdleTimeout = Timeout.InfiniteTimeSpan });
        pair.StartEcho();

        await pair.Client.AssertEchoesAsync();
        await pair.Client.CloseAsync(3).WithTimeout();
        Assert.AreEqual(3, (await pair.Server.Closed.WithTimeout()).ApplicationErrorCode);
    }

    private static async Task AssertLostAsync(TransportConnection connection)
    {
        ConnectionClose close = await connection.Closed.WithTimeout();
        Assert.AreEqual(TransportError.ConnectionLost, close.Error);
        Assert.AreEqual(CloseInitiator.None, close.Initiator);
        Assert.IsNull(close.ApplicationErrorCode);
        TransportException exception = await FailsAsync(TransportError.ConnectionLost, () => connection.OpenStreamAsync(StreamDirection.Bidirectional).AsTask());
        Assert.IsTrue(exception.IsSafeToRetry);
    }
}
