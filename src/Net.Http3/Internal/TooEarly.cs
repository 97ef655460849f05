using System.Net;

namespace Net.Http3;

/// <summary>The answer 425 of a server that would not risk a replay of early data (RFC 8470).</summary>
internal static class TooEarly
{
    /// <summary>Whether a response asks for the request to be sent again after the handshake, and it can be.</summary>
    internal static bool MustBeSentAgain(HttpResponseMessage response, HttpRequestMessage request) => response.StatusCode == (HttpStatusCode)425 && CanBeSentAgain(request);

    /// <summary>Whether a request's content can be sent once more.</summary>
    internal static bool CanBeSentAgain(HttpRequestMessage request) =>
        Http3RequestOptions.HasReplayableContent(request) || !request.Options.TryGetValue(Http3Exchange.ContentBegun, out _);
}
