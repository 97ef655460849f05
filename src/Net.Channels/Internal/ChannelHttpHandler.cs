using System.Diagnostics;
using System.Net;
using Net.Client;
using Net.Http3;

namespace Net.Channels;

/// <summary>The face of a channel for <see cref="HttpClient"/>. Disposing it changes nothing: the channel lives on.</summary>
internal sealed class ChannelHttpHandler(ClientChannel channel, MethodIdempotency? methods) : HttpMessageHandler
{
    private readonly HttpCallHandler _handler = new(channel.Pool.TimeProvider);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.RequestUri is not { IsAbsoluteUri: true } uri)
        {
            throw new InvalidOperationException("The request's URI must be absolute; set HttpClient.BaseAddress or name the host.");
        }

        if (uri.Scheme != Uri.UriSchemeHttps)
        {
            throw new HttpRequestException(HttpRequestError.VersionNegotiationError, $"A channel serves https alone, as QUIC is always encrypted; the request's URI is '{uri.Scheme}'.");
        }

        if (methods?.Find(uri.AbsolutePath) is { } known && !request.Options.TryGetValue(ChannelRequestOptions.Idempotency, out _))
        {
            await TellAsync(request, known, cancellationToken).ConfigureAwait(false);
        }

        string method = request.Options.TryGetValue(ChannelRequestOptions.Method, out string? named) ? named : uri.AbsolutePath;
        CallPolicy policy = PolicyOf(request, channel.Policies.Find(method));
        var call = new HttpCall(request, policy.Hedging is not null);
        var plan = new CallPlan(ProtocolOf(request, call), method)
        {
            Idempotency = IdempotencyOf(request),
            Policy = policy,
            Timeout = call.FindTimeout(),
            AffinityHash = request.Options.TryGetValue(ChannelRequestOptions.Affinity, out ulong affinity) ? affinity : null,
            FailFast = request.Options.TryGetValue(ChannelRequestOptions.FailFast, out bool failFast) && failFast,
            Trace = request.Options.TryGetValue(ChannelRequestOptions.Trace, out CallTrace? trace) ? trace : null,
        };
        long started = channel.Pool.TimeProvider.GetTimestamp();
        Activity? activity = Http3Diagnostics.Start(request);
        HttpResponseMessage? response = null;
        Exception? failure = null;
        try
        {
            Http3Diagnostics.Inject(DistributedContextPropagator.Current, request);
            return response = await channel.Runner.RunAsync(plan, call, _handler, cancellationToken).ConfigureAwait(false);
        }
        catch (TransportException exception)
        {
            failure = Http3Exceptions.ToRequestFailure(exception);
            throw failure;
        }
        catch (Exception exception)
        {
            failure = exception;
            throw;
        }
        finally
        {
            Http3Diagnostics.Stop(activity, request, response, failure, channel.Pool.TimeProvider.GetElapsedTime(started));
        }
    }

    private static async ValueTask TellAsync(HttpRequestMessage request, MethodIdempotency.Known known, CancellationToken cancellationToken)
    {
        request.Options.Set(ChannelRequestOptions.Idempotency, known.Idempotency);
        if (known is { Idempotency: not Idempotency.NonIdempotent, TakesOneMessage: true } && request.Content is { } content && !Http3RequestOptions.HasReplayableContent(request))
        {
            // A client may serialize into something of its own that bears one writing at a time; what is buffered bears any number.
            await content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
            request.Options.Set(Http3RequestOptions.ReplayableContent, true);
        }
    }

    // RFC 9110, section 9.2: what a method means when nobody says otherwise.
    private static Idempotency IdempotencyOf(HttpRequestMessage request)
    {
        Idempotency known = Http3RequestOptions.IdempotencyOf(request);
        return known == Idempotency.NonIdempotent && !request.Options.TryGetValue(Http3RequestOptions.Idempotency, out _) && (request.Method == HttpMethod.Put || request.Method == HttpMethod.Delete)
            ? Idempotency.Idempotent
            : known;
    }

    // Attempts at a time would write the content at a time.
    private static CallPolicy PolicyOf(HttpRequestMessage request, CallPolicy policy) =>
        policy.Hedging is null || Http3RequestOptions.HasReplayableContent(request) ? policy : policy with { Hedging = null };

    // The channel chooses the version; only who insists is heeded. A client of gRPC asks for HTTP/2 out of habit, as its wire is the same on HTTP/3.
    private ChannelProtocol ProtocolOf(HttpRequestMessage request, HttpCall call)
    {
        if (request.VersionPolicy != HttpVersionPolicy.RequestVersionExact || (call.IsGrpc && request.Version.Major < 3))
        {
            return channel.HttpProtocol;
        }

        return request.Version.Major switch
        {
            3 => channel.Http3Protocol,
            2 => channel.Http2Protocol,
            _ => throw new HttpRequestException(
                HttpRequestError.VersionNegotiationError, $"The request insists on HTTP/{request.Version} (RequestVersionExact); a channel speaks HTTP/3 and HTTP/2. Leave the version policy as it is by default."),
        };
    }
}
