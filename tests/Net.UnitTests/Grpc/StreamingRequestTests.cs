using System.Buffers;
using System.Collections.Concurrent;
using System.Net.Http;
using Net.Grpc;
using Net.Protocol.Echo;
using Net.Testing;

namespace Net.UnitTests.Grpc;

/// <summary>How the messages of a request stream come into the handler's stream, and who may use that when.</summary>
[TestClass]
public sealed class StreamingRequestTests
{
    private static readonly Uri Address = new("https://server.example:443");

    [TestMethod]
    [DataRow(GrpcEncoding.Identity)]
    [DataRow(GrpcEncoding.Gzip)]
    public async Task Requests_StreamThatLendsItsMemory_AreWrittenIntoItAndSentWhenTold(GrpcEncoding encoding)
    {
        using var lent = new LendingStream();
        using var handler = new FakeHandler(async (request, token) =>
        {
            await request.Content!.CopyToAsync(lent, token);
            return FakeHandler.Answer(GrpcStatus.Ok, new EchoResponse());
        });
        using var client = new GrpcClient(Address, handler, new GrpcClientOptions { Encoding = encoding });
        await using var call = client.Duplex(ServerCallFixture.EchoStream);

        await call.Requests.WriteAsync(new EchoRequest { Payload = "a" }).WithTimeout();
        int first = lent.Written.WrittenCount;
        await call.Requests.WriteAsync(new EchoRequest { Payload = "b" }, new GrpcWriteOptions { Buffer = true }).WithTimeout();
        await call.Requests.WriteAsync(new EchoRequest { Payload = new string('c', 70_000) }, new GrpcWriteOptions { Buffer = true, NoCompression = true }).WithTimeout();
        int third = lent.Written.WrittenCount;
        await call.Requests.WriteAsync(new EchoRequest { Payload = "d" }, new GrpcWriteOptions { Buffer = true }).WithTimeout();
        await call.CompleteRequestsAsync().WithTimeout();

        // Before any message, so that the headers go out; after the first; when more than 64 KiB wait; and at the end.
        Assert.AreEqual($"0, {first}, {third}, {lent.Written.WrittenCount}", string.Join(", ", lent.Flushes));
        Assert.AreEqual("1, 1, 70000, 1", await LengthsAsync(lent.Written.WrittenSpan.ToArray(), encoding));
        Assert.AreEqual(GrpcStatus.Ok, await EndAsync(call));
    }

    [TestMethod]
    public async Task Body_WhoseCallIsCancelled_DoesNotEndUnderAWriteAndTakesNoMoreAfterIt()
    {
        using var lent = new LendingStream();
        using var release = new ManualResetEventSlim();
        var events = new ConcurrentQueue<string>();
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var handler = new FakeHandler(async (request, token) =>
        {
            // Told of the cancellation after the body has been, as registrations run in reverse.
            using CancellationTokenRegistration registration = token.Register(release.Set);
            try
            {
                await request.Content!.CopyToAsync(lent, token);
            }
            finally
            {
                events.Enqueue("body ended");
                ended.SetResult();
            }

            return FakeHandler.Answer(GrpcStatus.Ok, new EchoResponse());
        });
        using var client = new GrpcClient(Address, handler);
        using var cancellation = new CancellationTokenSource();
        await using var call = client.Duplex(ServerCallFixture.EchoStream, cancellationToken: cancellation.Token);
        lent.Lending = () =>
        {
            began.TrySetResult();
            Assert.IsTrue(release.Wait(TestDeadline.Limit), "the call was not cancelled");
            events.Enqueue("memory lent");
        };

        Task writing = Task.Run(async () => await call.Requests.WriteAsync(new EchoRequest { Payload = "a" }));
        await began.Task.WithTimeout();
        await cancellation.CancelAsync();
        await ended.Task.WithTimeout();
        int written = lent.Written.WrittenCount;

        await Assert.ThrowsAsync<OperationCanceledException>(() => writing.WithTimeout());
        await Assert.ThrowsAsync<OperationCanceledException>(() => call.Requests.WriteAsync(new EchoRequest { Payload = "late" }).WithTimeout());
        Assert.AreEqual("body ended", events.Last());
        Assert.AreEqual(written, lent.Written.WrittenCount);
    }

    [TestMethod]
    public async Task Write_HeldBackWhenTheServerHasEndedTheCall_EndsAndIsDropped()
    {
        using var lent = new LendingStream();
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task sending = Task.CompletedTask;
        using var handler = new FakeHandler(async (request, token) =>
        {
            sending = request.Content!.CopyToAsync(lent, token);
            await answer.Task.WaitAsync(token);
            return FakeHandler.Answer(GrpcStatus.Ok);
        });
        using var client = new GrpcClient(Address, handler);
        await using var call = client.Duplex(ServerCallFixture.EchoStream);
        await call.Requests.WriteAsync(new EchoRequest { Payload = "a" }).WithTimeout();
        lent.Gate = new TaskCompletionSource().Task;

        Task held = call.Requests.WriteAsync(new EchoRequest { Payload = "b" }).AsTask();
        answer.SetResult();
        Assert.IsNull(await call.Responses.ReadAsync().WithTimeout());

        await held.WithTimeout();
        Assert.AreEqual(GrpcStatus.Ok, call.Status);

        // By its end or by the cancellation, whichever it meets first.
        await Task.WhenAny(sending).WithTimeout();
    }

    private static async Task<GrpcStatus?> EndAsync(GrpcDuplexCall<EchoRequest, EchoResponse> call)
    {
        while (await call.Responses.ReadAsync().WithTimeout() is not null)
        {
        }

        return call.Status;
    }

    private static async Task<string> LengthsAsync(byte[] bytes, GrpcEncoding encoding)
    {
        var pipe = System.IO.Pipelines.PipeReader.Create(new ReadOnlySequence<byte>(bytes));
        var source = new MessageSource<EchoRequest>(pipe, EchoRequest.Parser, maxSize: null) { Encoding = encoding };
        List<int> lengths = [];
        while (await source.ReadAsync(CancellationToken.None) is { } message)
        {
            lengths.Add(message.Payload.Length);
        }

        return string.Join(", ", lengths);
    }
}
