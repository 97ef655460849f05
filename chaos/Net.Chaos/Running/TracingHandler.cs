using Net.Channels;
using Net.Client;

namespace Net.Chaos.Running;

/// <summary>Has each request explain itself, so that a call knows its attempts and who answered it.</summary>
internal sealed class TracingHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    // A client of gRPC makes the request itself; what flows with the call is the only way to it.
    private static readonly AsyncLocal<CallTrace?> Current = new();

    /// <summary>Begins to trace the requests that this flow of control makes.</summary>
    internal static CallTrace Begin() => Current.Value = new CallTrace();

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Current.Value is { } trace)
        {
            request.Options.Set(ChannelRequestOptions.Trace, trace);
        }

        return base.SendAsync(request, cancellationToken);
    }
}
