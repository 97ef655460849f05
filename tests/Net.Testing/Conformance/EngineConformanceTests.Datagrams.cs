using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>Datagrams.</content>
public abstract partial class EngineConformanceTests
{
    [TestMethod]
    public async Task Datagrams_BothSidesTakeThem_AreEchoed()
    {
        if (!Can(EngineCapabilities.Datagrams))
        {
            await DatagramsAreRefusedAsync();
            return;
        }

        ConformancePair pair = await ConnectPairAsync(o => WithDatagrams(o), o => WithDatagrams(o));
        Assert.IsGreaterThan(1000, pair.Client.MaxDatagramSize);
        Assert.IsGreaterThan(1000, pair.Server.MaxDatagramSize);
        byte[] largest = new byte[pair.Client.MaxDatagramSize];
        TestSeed.TakeRandom(TestContext).NextBytes(largest);
        foreach (byte[] payload in new[] { [1], "a few bytes"u8.ToArray(), largest })
        {
            Assert.IsTrue(pair.Client.TrySendDatagram(payload));
            ReadOnlyMemory<byte> received = await pair.Server.ReceiveDatagramAsync().WithTimeout();
            CollectionAssert.AreEqual(payload, received.ToArray());
        }

        Assert.IsTrue(pair.Server.TrySendDatagram("back"u8));
        CollectionAssert.AreEqual("back"u8.ToArray(), (await pair.Client.ReceiveDatagramAsync().WithTimeout()).ToArray());
    }

    [TestMethod]
    public async Task Datagrams_PayloadChangedAfterwards_WasCopied()
    {
        if (!Can(EngineCapabilities.Datagrams))
        {
            await DatagramsAreRefusedAsync();
            return;
        }

        ConformancePair pair = await ConnectPairAsync(o => WithDatagrams(o), o => WithDatagrams(o));
        byte[] payload = "before"u8.ToArray();
        Assert.IsTrue(pair.Client.TrySendDatagram(payload));
        payload.AsSpan().Clear();

        CollectionAssert.AreEqual("before"u8.ToArray(), (await pair.Server.ReceiveDatagramAsync().WithTimeout()).ToArray());
    }

    [TestMethod]
    public async Task Datagrams_TooLarge_AreRefusedByName()
    {
        if (!Can(EngineCapabilities.Datagrams))
        {
            await DatagramsAreRefusedAsync();
            return;
        }

        ConformancePair pair = await ConnectPairAsync(o => WithDatagrams(o), o => WithDatagrams(o));

        await FailsAsync(TransportError.MessageTooLarge, () => Task.FromResult(pair.Client.TrySendDatagram(new byte[pair.Client.MaxDatagramSize + 1])));
    }

    [TestMethod]
    public async Task Datagrams_PeerTakesNone_AreRefused()
    {
        if (!Can(EngineCapabilities.Datagrams))
        {
            await DatagramsAreRefusedAsync();
            return;
        }

        ConformancePair pair = await ConnectPairAsync(o => WithDatagrams(o));

        Assert.AreEqual(0, pair.Client.MaxDatagramSize);
        Assert.ThrowsExactly<NotSupportedException>(() => pair.Client.TrySendDatagram("x"u8));
        await IsNotSupportedAsync(() => pair.Server.ReceiveDatagramAsync().AsTask());

        // The other direction is open.
        Assert.IsTrue(pair.Server.TrySendDatagram("y"u8));
        CollectionAssert.AreEqual("y"u8.ToArray(), (await pair.Client.ReceiveDatagramAsync().WithTimeout()).ToArray());
    }

    [TestMethod]
    public async Task Datagrams_NobodyReceives_OldestAreDropped()
    {
        if (!Can(EngineCapabilities.Datagrams))
        {
            await DatagramsAreRefusedAsync();
            return;
        }

        ConformancePair pair = await ConnectPairAsync(
            o => WithDatagrams(o), o => WithDatagrams(o) with { Limits = WithDatagrams(o).Limits with { DatagramReceiveQueue = 4 } });
        for (byte i = 0; i < 20; i++)
        {
            Assert.IsTrue(pair.Client.TrySendDatagram([i]));

            // A round trip apart, so that none is lost to a full send queue.
            await RoundTripAsync(pair);
        }

        for (byte i = 16; i < 20; i++)
        {
            CollectionAssert.AreEqual(new[] { i }, (await pair.Server.ReceiveDatagramAsync().WithTimeout()).ToArray());
        }
    }

    [TestMethod]
    public async Task ReceiveDatagramAsync_TokenCancelledOrConnectionClosed_Ends()
    {
        if (!Can(EngineCapabilities.Datagrams))
        {
            await DatagramsAreRefusedAsync();
            return;
        }

        ConformancePair pair = await ConnectPairAsync(o => WithDatagrams(o), o => WithDatagrams(o));
        using var cancel = new CancellationTokenSource();
        ValueTask<ReadOnlyMemory<byte>> first = pair.Client.ReceiveDatagramAsync(cancel.Token);
        await cancel.CancelAsync();
        await CancelsAsync(() => first.AsTask(), cancel.Token);
        ValueTask<ReadOnlyMemory<byte>> second = pair.Client.ReceiveDatagramAsync();
        await pair.Server.CloseAsync(12).WithTimeout();

        TransportException exception = await FailsAsync(TransportError.ConnectionClosed, () => second.AsTask());
        Assert.AreEqual(12, exception.ApplicationErrorCode);
        Assert.IsFalse(pair.Client.TrySendDatagram("x"u8));
    }

    private async Task DatagramsAreRefusedAsync()
    {
        ConformancePair pair = await ConnectPairAsync();
        Assert.AreEqual(0, pair.Client.MaxDatagramSize);
        Assert.ThrowsExactly<NotSupportedException>(() => pair.Client.TrySendDatagram("x"u8));
        await IsNotSupportedAsync(() => pair.Client.ReceiveDatagramAsync().AsTask());
        await IsNotSupportedAsync(() => ConnectAsync(WithDatagrams(Connecting(pair.Listener.LocalEndPoint))));
        await IsNotSupportedAsync(() => ListenAsync(WithDatagrams(Listening())));
    }

    private static T WithDatagrams<T>(T options)
        where T : TransportOptions => options with { Limits = options.Limits with { MaxDatagramSize = 1500 } };

    private static async Task RoundTripAsync(ConformancePair pair)
    {
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        await server.SendAllAsync("x"u8.ToArray());
        await client.Input.ReadToEndAsync();
        await client.DisposeAsync();
        await server.DisposeAsync();
    }
}
