using System.Collections.Concurrent;
using Google.Protobuf;
using Net.Grpc;
using Net.IntegrationTests.Grpc.Messages;

namespace Net.IntegrationTests.Grpc;

/// <summary>The server's half of gRPC's interop cases.</summary>
internal sealed class InteropService
{
    public const string EchoInitial = "x-grpc-test-echo-initial";
    public const string EchoTrailing = "x-grpc-test-echo-trailing-bin";

    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a streaming handler was told that its call is cancelled: by its token, or by a write.</summary>
    public Task Cancelled => _cancelled.Task;

    /// <summary>Completes when a streaming handler runs.</summary>
    public Task Started => _started.Task;

    /// <summary>The time that was left when each handler began.</summary>
    public ConcurrentQueue<TimeSpan> TimesLeft { get; } = [];

    public static async ValueTask<Empty> EmptyAsync(GrpcServerContext context)
    {
        await EchoMetadataAsync(context);
        return new Empty();
    }

    public static async ValueTask<StreamingInputCallResponse> StreamingInputAsync(GrpcMessageReader<StreamingInputCallRequest> requests, GrpcServerContext context)
    {
        await EchoMetadataAsync(context);
        int size = 0;
        await foreach (StreamingInputCallRequest request in requests)
        {
            ExpectCompressed(request.ExpectCompressed, requests.WasCompressed);
            size += request.Payload.Body.Length;
        }

        return new StreamingInputCallResponse { AggregatedPayloadSize = size };
    }

    public async ValueTask<SimpleResponse> UnaryAsync(SimpleRequest request, GrpcServerContext context)
    {
        TimesLeft.Enqueue(context.TimeLeft);
        await EchoMetadataAsync(context);
        ExpectCompressed(request.ExpectCompressed, context.WasRequestCompressed);
        ThrowIfAsked(request.ResponseStatus);
        if (request.ResponseCompressed?.Value == true)
        {
            context.ResponseEncoding = GrpcEncoding.Gzip;
        }

        return new SimpleResponse { Payload = Zeros(request.ResponseSize) };
    }

    public async ValueTask StreamingOutputAsync(StreamingOutputCallRequest request, GrpcMessageWriter<StreamingOutputCallResponse> responses, GrpcServerContext context)
    {
        Watch(context);
        try
        {
            await EchoMetadataAsync(context);
            await AnswerAsync(request, responses, context);
        }
        catch (OperationCanceledException)
        {
            // A write may tell first that the client is gone; the call is then over before its token would be cancelled.
            _cancelled.TrySetResult();
            throw;
        }

        ThrowIfAsked(request.ResponseStatus);
    }

    public async ValueTask FullDuplexAsync(
        GrpcMessageReader<StreamingOutputCallRequest> requests, GrpcMessageWriter<StreamingOutputCallResponse> responses, GrpcServerContext context)
    {
        Watch(context);
        await EchoMetadataAsync(context);
        await foreach (StreamingOutputCallRequest request in requests)
        {
            ThrowIfAsked(request.ResponseStatus);
            await AnswerAsync(request, responses, context);
        }
    }

    private static async ValueTask AnswerAsync(StreamingOutputCallRequest request, GrpcMessageWriter<StreamingOutputCallResponse> responses, GrpcServerContext context)
    {
        if (request.ResponseParameters.Any(p => p.Compressed?.Value == true))
        {
            context.ResponseEncoding = GrpcEncoding.Gzip;
        }

        foreach (ResponseParameters parameters in request.ResponseParameters)
        {
            if (parameters.IntervalUs > 0)
            {
                await Task.Delay(TimeSpan.FromMicroseconds(parameters.IntervalUs), context.CancellationToken);
            }

            var options = new GrpcWriteOptions { NoCompression = parameters.Compressed?.Value != true };
            await responses.WriteAsync(new StreamingOutputCallResponse { Payload = Zeros(parameters.Size) }, options);
        }
    }

    private static async ValueTask EchoMetadataAsync(GrpcServerContext context)
    {
        if (context.RequestHeaders.TryGetBytes(EchoTrailing, out ReadOnlyMemory<byte> trailing))
        {
            context.ResponseTrailers.Add(EchoTrailing, trailing);
        }

        if (context.RequestHeaders.Get(EchoInitial) is { } initial)
        {
            context.ResponseHeaders.Add(EchoInitial, initial);
            await context.SendHeadersAsync();
        }
    }

    private static void ExpectCompressed(BoolValue? expected, bool actual)
    {
        if (expected is not null && expected.Value != actual)
        {
            throw new GrpcException(GrpcStatusCode.InvalidArgument, $"The request was to be compressed: {expected.Value}. It was: {actual}.");
        }
    }

    private static void ThrowIfAsked(EchoStatus? status)
    {
        if (status is not null && status.Code != 0)
        {
            throw new GrpcException((GrpcStatusCode)status.Code, status.Message);
        }
    }

    private static Payload Zeros(int size) => new() { Body = UnsafeByteOperations.UnsafeWrap(new byte[size]) };

    private void Watch(GrpcServerContext context)
    {
        TimesLeft.Enqueue(context.TimeLeft);
        context.CancellationToken.Register(() => _cancelled.TrySetResult());
        _started.TrySetResult();
    }
}
