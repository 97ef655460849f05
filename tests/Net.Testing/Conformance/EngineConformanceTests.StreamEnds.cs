using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.Testing;

/// <content>How streams end: resets, STOP_SENDING, disposal, and what Completion tells.</content>
public abstract partial class EngineConformanceTests
{
    [TestMethod]
    [DataRow(0L)]
    [DataRow(0x42L)]
    [DataRow(ErrorCodes.Max)]
    public async Task AbortWrite_PeerReads_SeesStreamResetWithTheCode(long code)
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        client.AbortWrite(code);

        TransportException exception = await FailsAsync(TransportError.StreamReset, () => server.Input.ReadToEndAsync());

        Assert.AreEqual(code, exception.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task AbortWrite_PeerWaitsInRead_WakesIt()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        ValueTask<ReadResult> reading = server.Input.ReadAsync();
        client.AbortWrite(5);

        TransportException exception = await FailsAsync(TransportError.StreamReset, () => reading.AsTask());

        Assert.AreEqual(5, exception.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task AbortWrite_OtherDirection_GoesOn()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        client.AbortWrite(5);
        await FailsAsync(TransportError.StreamReset, () => server.Input.ReadToEndAsync());

        await server.SendAllAsync("still here"u8.ToArray());

        CollectionAssert.AreEqual("still here"u8.ToArray(), await client.Input.ReadToEndAsync());
    }

    [TestMethod]
    public async Task AbortWrite_OwnWriter_ThrowsStreamResetFromThenOn()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, _) = await pair.OpenStreamAsync();
        client.AbortWrite(6);

        TransportException exception = await FailsAsync(TransportError.StreamReset, () => client.Output.WriteAsync(new byte[10]).AsTask());
        TransportException completion = await FailsAsync(TransportError.StreamReset, () => client.SendCompletion);

        Assert.AreEqual(6, exception.ApplicationErrorCode);
        Assert.AreEqual(6, completion.ApplicationErrorCode);
    }

    [TestMethod]
    [DataRow(0L)]
    [DataRow(0x43L)]
    [DataRow(ErrorCodes.Max)]
    public async Task AbortRead_PeerWrites_SeesStreamResetWithTheCode(long code)
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        server.AbortRead(code);

        TransportException exception = await FailsAsync(TransportError.StreamReset, () => WriteForeverAsync(client));
        TransportException completion = await FailsAsync(TransportError.StreamReset, () => client.SendCompletion);

        Assert.AreEqual(code, exception.ApplicationErrorCode);
        Assert.AreEqual(code, completion.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task AbortRead_OwnReader_ThrowsStreamResetFromThenOn()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, _) = await pair.OpenStreamAsync();
        ValueTask<ReadResult> reading = client.Input.ReadAsync();
        client.AbortRead(9);

        TransportException exception = await FailsAsync(TransportError.StreamReset, () => reading.AsTask());
        TransportException again = await FailsAsync(TransportError.StreamReset, () => client.Input.ReadAsync().AsTask());

        Assert.AreEqual(9, exception.ApplicationErrorCode);
        Assert.AreEqual(9, again.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task AbortRead_OtherDirection_GoesOn()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        client.AbortRead(5);

        await client.SendAllAsync("still here"u8.ToArray());

        CollectionAssert.AreEqual("still here"u8.ToArray(), await server.Input.ReadToEndAsync());
    }

    [TestMethod]
    public async Task Abort_CalledAgain_KeepsTheFirstCode()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        client.Abort(1);
        client.Abort(2);
        client.AbortRead(3);
        client.AbortWrite(4);

        TransportException reading = await FailsAsync(TransportError.StreamReset, () => server.Input.ReadToEndAsync());
        TransportException writing = await FailsAsync(TransportError.StreamReset, () => WriteForeverAsync(server));

        Assert.AreEqual(1, reading.ApplicationErrorCode);
        Assert.AreEqual(1, writing.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Abort_ReaderThatItWakesDisposesTheStream_IsNoEndForThePeer()
    {
        bool inline = Can(EngineCapabilities.InlineContinuations);
        ConformancePair pair = await ConnectPairAsync(o => o with { InlineContinuations = inline }, o => o with { InlineContinuations = inline });
        for (int i = 0; i < 20; i++)
        {
            (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
            Task ending = EndWhenWokenAsync(server);

            server.Abort(7);

            await ending.WithTimeout();
            TransportException failure = await Assert.ThrowsExactlyAsync<TransportException>(() => client.Input.ReadAsync().AsTask().WithTimeout());
            Assert.AreEqual(7, failure.ApplicationErrorCode);
        }

        static async Task EndWhenWokenAsync(TransportStream stream)
        {
            try
            {
                while (true)
                {
                    stream.Input.AdvanceTo((await stream.Input.ReadAsync()).Buffer.End);
                }
            }
            catch (TransportException)
            {
                await stream.DisposeAsync();
            }
        }
    }

    [TestMethod]
    public async Task Abort_CodeOutOfRange_Throws()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, _) = await pair.OpenStreamAsync();

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => client.AbortRead(-1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => client.AbortWrite(ErrorCodes.Max + 1));
    }

    [TestMethod]
    public async Task Abort_AfterTheEnd_DoesNothing()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        await client.SendAllAsync("up"u8.ToArray());
        await server.SendAllAsync("down"u8.ToArray());
        CollectionAssert.AreEqual("up"u8.ToArray(), await server.Input.ReadToEndAsync());
        CollectionAssert.AreEqual("down"u8.ToArray(), await client.Input.ReadToEndAsync());
        await client.SendCompletion.WithTimeout();
        await server.SendCompletion.WithTimeout();

        client.Abort(7);
        server.Abort(8);

        await client.SendCompletion.WithTimeout();
        await client.Completion.WithTimeout();
        await server.SendCompletion.WithTimeout();
        await server.Completion.WithTimeout();
        Assert.IsTrue((await client.Input.ReadAsync().WithTimeout()).IsCompleted);
    }

    [TestMethod]
    public async Task Reset_OfOneStream_LeavesTheOthersAlone()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream one, TransportStream oneServer) = await pair.OpenStreamAsync();
        (TransportStream two, TransportStream twoServer) = await pair.OpenStreamAsync();
        one.Abort(1);
        await FailsAsync(TransportError.StreamReset, () => oneServer.Input.ReadToEndAsync());

        await two.SendAllAsync("unharmed"u8.ToArray());

        CollectionAssert.AreEqual("unharmed"u8.ToArray(), await twoServer.Input.ReadToEndAsync());
    }

    [TestMethod]
    public async Task OutputComplete_WithException_ResetsWithTheDefaultCode()
    {
        ConformancePair pair = await ConnectPairAsync(o => o with { DefaultStreamErrorCode = 0x77 });
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        await client.Output.CompleteAsync(new InvalidOperationException("The test gives up."));

        TransportException exception = await FailsAsync(TransportError.StreamReset, () => server.Input.ReadToEndAsync());

        Assert.AreEqual(0x77, exception.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task OutputComplete_Twice_EndsOnce()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        await client.Output.CompleteAsync();
        await client.Output.CompleteAsync();

        Assert.IsEmpty(await server.Input.ReadToEndAsync());
        Assert.ThrowsExactly<InvalidOperationException>(() => client.Output.GetMemory());
    }

    [TestMethod]
    public async Task DisposeAsync_NothingFinished_EndsSendingAndStopsThePeer()
    {
        ConformancePair pair = await ConnectPairAsync(o => o with { DefaultStreamErrorCode = 0x55 });
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        await client.SendAsync("last words");
        await client.DisposeAsync().WithTimeout();
        await client.DisposeAsync().WithTimeout();

        CollectionAssert.AreEqual("last words"u8.ToArray(), await server.Input.ReadToEndAsync());
        TransportException exception = await FailsAsync(TransportError.StreamReset, () => WriteForeverAsync(server));
        Assert.AreEqual(0x55, exception.ApplicationErrorCode);
        await client.Completion.WithTimeout();
        await server.Completion.WithTimeout();
    }

    [TestMethod]
    public async Task DisposeAsync_NothingWritten_SendsTheEndAlone()
    {
        ConformancePair pair = await ConnectPairAsync();
        TransportStream client = await pair.Client.OpenStreamAsync(StreamDirection.Unidirectional).WithTimeout();
        await client.DisposeAsync().WithTimeout();

        TransportStream server = await pair.Server.AcceptStreamAsync().WithTimeout();
        Assert.IsEmpty(await server.Input.ReadToEndAsync());
    }

    [TestMethod]
    public async Task DisposeAsync_AllFinished_SaysNothingMore()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        await server.SendAllAsync("down"u8.ToArray());
        await client.Input.ReadToEndAsync();
        await client.SendAllAsync("up"u8.ToArray());
        await client.DisposeAsync().WithTimeout();

        CollectionAssert.AreEqual("up"u8.ToArray(), await server.Input.ReadToEndAsync());
        await server.SendCompletion.WithTimeout();
        await server.Completion.WithTimeout();
    }

    [TestMethod]
    public async Task SendCompletion_PeerHasAllButReadsNothing_Completes()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, _) = await pair.OpenStreamAsync();
        Assert.IsFalse(client.SendCompletion.IsCompleted);

        await client.SendAllAsync(new byte[10_000]);

        await client.SendCompletion.WithTimeout();
    }

    [TestMethod]
    public async Task Completion_OneDirectionOpen_WaitsForTheOther()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        await client.SendAllAsync("up"u8.ToArray());
        await server.Input.ReadToEndAsync();
        await client.SendCompletion.WithTimeout();
        Assert.IsFalse(client.Completion.IsCompleted);
        Assert.IsFalse(server.Completion.IsCompleted);

        await server.Output.CompleteAsync();

        await client.Completion.WithTimeout();
        await server.Completion.WithTimeout();
    }

    [TestMethod]
    public async Task Completion_BothDirectionsAborted_Completes()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        client.Abort(1);

        await client.Completion.WithTimeout();
        await server.Completion.WithTimeout();
    }

    [TestMethod]
    public async Task Completion_ConnectionEnds_CompletesAndSendCompletionFails()
    {
        ConformancePair pair = await ConnectPairAsync();
        (TransportStream client, TransportStream server) = await pair.OpenStreamAsync();
        await pair.Client.CloseAsync(4).WithTimeout();

        await client.Completion.WithTimeout();
        await server.Completion.WithTimeout();
        TransportException local = await FailsAsync(TransportError.ConnectionClosed, () => client.SendCompletion);
        TransportException remote = await FailsAsync(TransportError.ConnectionClosed, () => server.SendCompletion);
        Assert.AreEqual(4, local.ApplicationErrorCode);
        Assert.AreEqual(4, remote.ApplicationErrorCode);
    }

    [TestMethod]
    public async Task Reset_Repeated_GivesItsStreamCreditBack()
    {
        ConformancePair pair = await ConnectPairAsync(server: o => o with { Limits = o.Limits with { MaxInboundBidirectionalStreams = 2 } });
        Task serving = Task.Run(async () =>
        {
            for (int i = 0; i < 20; i++)
            {
                TransportStream server = await pair.Server.AcceptStreamAsync().WithTimeout();
                await FailsAsync(TransportError.StreamReset, () => server.Input.ReadToEndAsync());
                await server.DisposeAsync();
            }
        });

        for (int i = 0; i < 20; i++)
        {
            TransportStream client = await pair.Client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
            await client.SendAsync("x");
            client.Abort(1);
            await client.DisposeAsync();
        }

        await serving.WithTimeout();
    }

    [TestMethod]
    public async Task ResetFlood_OverTheLimit_ClosesTheConnectionOrIsServed()
    {
        ConformancePair pair = await ConnectPairAsync(server: o => o with { Limits = o.Limits with { MaxResetsPerSecond = 20, MaxInboundBidirectionalStreams = 1000 } });
        pair.StartEcho();
        try
        {
            for (int i = 0; i < 500; i++)
            {
                TransportStream stream = await pair.Client.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
                await stream.SendAsync("x");
                stream.Abort(1);
                await stream.DisposeAsync();
            }
        }
        catch (TransportException) when (Can(EngineCapabilities.AbuseLimits))
        {
            // Cut off on the way.
        }

        if (Can(EngineCapabilities.AbuseLimits))
        {
            ConnectionClose close = await pair.Client.Closed.WithTimeout();
            Assert.AreEqual(CloseInitiator.Remote, close.Initiator);
        }
        else
        {
            await pair.Client.AssertEchoesAsync();
        }
    }

    // Writes until the peer's refusal arrives. The end of patience is a failure of its own: it must not go on behind the back of the test.
    private static async Task WriteForeverAsync(TransportStream stream)
    {
        long end = Stopwatch.GetTimestamp() + (long)(TestDeadline.Limit.TotalSeconds * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() < end)
        {
            await Task.Yield();
            await stream.Output.WriteAsync(new byte[1000]);
        }
    }
}
