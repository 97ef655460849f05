using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace Net.Http3;

/// <summary>Turns a request's line and headers into fields (RFC 9114, section 4.3.1).</summary>
internal static class RequestHeaders
{
    /// <summary>Fills the buffer.</summary>
    /// <param name="fields">Takes the fields.</param>
    /// <param name="request">The request; its URI is absolute.</param>
    /// <param name="encodingSelector">How header values become bytes, or <c>null</c>.</param>
    internal static void Write(HeaderFieldBuffer fields, HttpRequestMessage request, HeaderEncodingSelector<HttpRequestMessage>? encodingSelector)
    {
        fields.Clear();
        Uri uri = request.RequestUri!;
        fields.Add(":method", request.Method.Method);
        fields.Add(":scheme", uri.Scheme);
        fields.Add(":authority", request.Headers.Host ?? fields.AuthorityOf(uri));
        fields.Add(":path", request.Method == HttpMethod.Options && uri.PathAndQuery == "/" && uri.OriginalString.EndsWith('*') ? "*" : uri.PathAndQuery);
        if (request.Options.TryGetValue(Http3RequestOptions.Priority, out StreamPriority priority) && !request.Headers.NonValidated.Contains("Priority"))
        {
            fields.Add("priority", priority.Incremental
                ? string.Create(CultureInfo.InvariantCulture, $"u={priority.Urgency}, i")
                : string.Create(CultureInfo.InvariantCulture, $"u={priority.Urgency}"));
        }

        AddAll(fields, request.Headers, request, encodingSelector);
        if (request.Content is { } content)
        {
            // Asking for the length makes the content put it among its headers.
            _ = content.Headers.ContentLength;
            AddAll(fields, content.Headers, request, encodingSelector);
        }
        else if (request.Method == HttpMethod.Post || request.Method == HttpMethod.Put || request.Method == HttpMethod.Patch)
        {
            fields.Add("content-length", "0");
        }
    }

    /// <summary>Fills the buffer with trailers.</summary>
    /// <exception cref="HttpRequestException">A name is none that a trailer may have.</exception>
    internal static void WriteTrailers(HeaderFieldBuffer fields, IEnumerable<KeyValuePair<string, string>> trailers)
    {
        fields.Clear();
        foreach ((string name, string value) in trailers)
        {
            if (!HeaderText.IsName(name) || !HeaderText.IsValue(value))
            {
                throw new HttpRequestException(HttpRequestError.InvalidResponse, $"'{name}' cannot be a trailer: its name must be a token and its value free of line ends.");
            }

            fields.Add(name, value);
        }
    }

    /// <summary>The authority of a URI: host, and port unless it is the scheme's own.</summary>
    internal static string AuthorityOf(Uri uri)
    {
        string host = uri.HostNameType == UriHostNameType.IPv6 ? $"[{uri.IdnHost}]" : uri.IdnHost;
        return uri.IsDefaultPort ? host : string.Create(CultureInfo.InvariantCulture, $"{host}:{uri.Port}");
    }

    private static void AddAll(HeaderFieldBuffer fields, HttpHeaders headers, HttpRequestMessage request, HeaderEncodingSelector<HttpRequestMessage>? encodingSelector)
    {
        foreach ((string name, HeaderStringValues values) in headers.NonValidated)
        {
            if (IsLeftOut(name, values))
            {
                continue;
            }

            Encoding? encoding = encodingSelector?.Invoke(name, request);
            bool isCookie = name.Equals("Cookie", StringComparison.OrdinalIgnoreCase);
            bool isSensitive = isCookie || name.Equals("Authorization", StringComparison.OrdinalIgnoreCase) || name.Equals("Proxy-Authorization", StringComparison.OrdinalIgnoreCase);
            if (values.Count == 1)
            {
                fields.Add(name, values.ToString(), encoding, isSensitive);
            }
            else
            {
                fields.Add(name, string.Join(isCookie ? "; " : name.Equals("User-Agent", StringComparison.OrdinalIgnoreCase) ? " " : ", ", values), encoding, isSensitive);
            }
        }
    }

    // Fields of a connection mean nothing in HTTP/3 and make a request malformed; Host is the :authority (RFC 9114, sections 4.2 and 4.3.1).
    private static bool IsLeftOut(string name, HeaderStringValues values) => name.Length switch
    {
        2 => name.Equals("TE", StringComparison.OrdinalIgnoreCase) && !values.ToString().Equals("trailers", StringComparison.OrdinalIgnoreCase),
        4 => name.Equals("Host", StringComparison.OrdinalIgnoreCase),
        7 => name.Equals("Upgrade", StringComparison.OrdinalIgnoreCase),
        10 => name.Equals("Connection", StringComparison.OrdinalIgnoreCase) || name.Equals("Keep-Alive", StringComparison.OrdinalIgnoreCase),
        16 => name.Equals("Proxy-Connection", StringComparison.OrdinalIgnoreCase),
        17 => name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase),
        _ => false,
    };
}
