using System.Net;

namespace Net.UnitTests.Http3;

/// <summary>Stands for HTTP/2: notes what it was given and answers it.</summary>
internal sealed class FallbackRecorder : HttpMessageHandler
{
    internal List<HttpRequestMessage> Requests { get; } = [];

    internal bool IsDisposed { get; private set; }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        lock (Requests)
        {
            Requests.Add(request);
        }

        return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request, Version = request.Version, Content = new StringContent("fallback") });
    }

    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        base.Dispose(disposing);
    }
}
