using Net.Client;
using Net.Http3;

namespace Net.Channels;

/// <summary>Sends requests of HTTP and gRPC on the sessions that a pool lends.</summary>
internal sealed class HttpCallHandler(TimeProvider timeProvider) : CallHandler<HttpCall, HttpResponseMessage>
{
    public override async ValueTask<HttpResponseMessage> SendAsync(HttpCall call, ChannelLease lease, AttemptContext attempt, CancellationToken cancellationToken)
    {
        if (lease.Session is not HttpSession session)
        {
            throw new InvalidOperationException($"A request of HTTP was given a session of {lease.Session.Protocol}; fallbacks of such calls must speak HTTP.");
        }

        HttpRequestMessage request = call.Prepare(attempt, timeProvider);
        var end = new HttpCallEnd(call, lease);
        HttpResponseMessage response;
        try
        {
            response = await session.SendAsync(request, end, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            call.NoteFailure(request, session, exception);
            throw;
        }

        response.RequestMessage = call.Request;
        end.Answer(response);
        return response;
    }

    public override AttemptVerdict Classify(HttpCall call, HttpResponseMessage result) => HttpVerdicts.Of(call, result, timeProvider);

    public override AttemptVerdict Classify(HttpCall call, Exception exception) => HttpVerdicts.Of(call, exception);
}
