using Net.Grpc;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Sends the requests of an interactive call while its responses are read.</summary>
internal sealed class RequestPump
{
    private readonly GrpcDuplexCall<QueryRequest, QueryResponse> _call;
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal RequestPump(GrpcDuplexCall<QueryRequest, QueryResponse> call, IAsyncEnumerable<QueryRequest> requests, CancellationToken stopping)
    {
        _call = call;
        // Ends with the token, or when the call does; whatever fails in it is caught there.
        _ = SendAsync(requests, stopping);
    }

    /// <summary>Reads the next response.</summary>
    /// <returns><c>null</c> when the host has sent its last one.</returns>
    internal async ValueTask<QueryResponse?> ReadAsync(CancellationToken cancellationToken)
    {
        Task<QueryResponse?> read = _call.Responses.ReadAsync(cancellationToken).AsTask();
        if (await Task.WhenAny(read, _failed.Task).ConfigureAwait(false) == read)
        {
            return await read.ConfigureAwait(false);
        }

        // Nobody waits for this read any more; it ends with the call, which the caller disposes now.
        _ = read.ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        await _failed.Task.ConfigureAwait(false);
        return null;
    }

    private async Task SendAsync(IAsyncEnumerable<QueryRequest> requests, CancellationToken stopping)
    {
        try
        {
            await foreach (QueryRequest request in requests.WithCancellation(stopping).ConfigureAwait(false))
            {
                try
                {
                    await _call.Requests.WriteAsync(request, stopping).ConfigureAwait(false);
                }
                catch (Exception failure) when (failure is GrpcException or OperationCanceledException or InvalidOperationException)
                {
                    // The call is over; why is for the reader of the responses to be told.
                    return;
                }
            }
        }
        catch (Exception failure)
        {
            _failed.TrySetException(failure);
            _ = _failed.Task.Exception;
            return;
        }

        try
        {
            await _call.CompleteRequestsAsync(stopping).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is GrpcException or OperationCanceledException or InvalidOperationException)
        {
            // As above.
        }
    }
}
