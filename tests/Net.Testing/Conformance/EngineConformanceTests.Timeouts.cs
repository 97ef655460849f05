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
        (ConformancePair pair, TransportStream client) = await OpenWithinIdleTimeoutAsync();
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
        // A machine that stands still for longer than the timeout loses the connection all the same, and gets more time. An engine that sends nothing loses it each time.
        for (TimeSpan idle = TimeSpan.FromSeconds(1); !await OutlivesIdleTimeoutAsync(byClient, idle); idle *= 2)
        {
            Assert.IsLessThan(TimeSpan.FromSeconds(8), idle, "Keep-alive does not keep the connection.");
        }
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

    private async Task<bool> OutlivesIdleTimeoutAsync(bool byClient, TimeSpan idle)
    {
        TimeSpan interval = idle / 5;
        ConformancePair pair = await ConnectPairAsync(
            o => o with { IdleTimeout = idle, KeepAliveInterval = byClient ? interval : Timeout.InfiniteTimeSpan },
            o => o with { IdleTimeout = idle, KeepAliveInterval = byClient ? Timeout.InfiniteTimeSpan : interval });
        pair.StartEcho();

        Task threeIdlePeriods = Task.Delay(3 * idle, TimeProvider.System);
        await Task.WhenAny(threeIdlePeriods, pair.Client.Closed, pair.Server.Closed).WithTimeout();
        if (pair.Client.Closed.IsCompleted || pair.Server.Closed.IsCompleted)
        {
            return false;
        }

        await pair.Client.AssertEchoesAsync();
        return true;
    }

    // A slow machine may take longer than the timeout to open the stream, which then fails as it should: the next attempt has four times as long.
    private async Task<(ConformancePair Pair, TransportStream Client)> OpenWithinIdleTimeoutAsync()
    {
        TimeSpan idle = ShortIdle;
        while (true)
        {
            ConformancePair pair = await ConnectPairAsync(o => o with { IdleTimeout = idle });
            try
            {
                return (pair, (await pair.OpenStreamAsync()).Client);
            }
            catch (TransportException exception) when (exception.Error == TransportError.ConnectionLost && idle < TestDeadline.Limit / 4)
            {
                idle *= 4;
            }
        }
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
