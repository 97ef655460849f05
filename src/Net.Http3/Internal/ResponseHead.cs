using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Net.Http3;

/// <summary>Makes a response out of header fields and checks them on the way (RFC 9114, section 4.3.2).</summary>
/// <param name="exchange">Where the final response's content is read from.</param>
/// <param name="request">The request that is answered.</param>
/// <param name="maxSectionSize">Largest section, bytes.</param>
/// <param name="maxInformational">How many interim responses may come.</param>
internal sealed class ResponseHead(Http3Exchange exchange, HttpRequestMessage request, int maxSectionSize, int maxInformational) : IHeaderFieldSink
{
    private readonly HttpMethod _method = request.Method;
    private long _sectionSize;
    private int _informational;
    private bool _isTrailers;
    private bool _sawRegularField;
    private int _status;

    /// <summary>The final response, once its status was read.</summary>
    internal HttpResponseMessage? Response { get; private set; }

    /// <summary>The status of the latest section.</summary>
    internal int Status => _status;

    /// <summary>What the server said of the content's length, or -1.</summary>
    internal long ContentLength { get; private set; } = -1;

    // These have no content whatever their headers say (RFC 9110, section 6.4.1).
    private bool HasNoContent => _method == HttpMethod.Head || _status is 204 or 304;

    /// <summary>Begins a section.</summary>
    /// <param name="isTrailers">Whether it comes after the content.</param>
    internal void BeginSection(bool isTrailers)
    {
        _sectionSize = 0;
        _isTrailers = isTrailers;
        _sawRegularField = false;
        if (!isTrailers)
        {
            _status = 0;
        }
    }

    /// <summary>Ends a section.</summary>
    /// <returns>Whether it was the final response's.</returns>
    internal bool EndSection()
    {
        if (_isTrailers)
        {
            return true;
        }

        if (_status == 0)
        {
            throw Malformed("has no :status");
        }

        if (_status >= 200)
        {
            return true;
        }

        return ++_informational <= maxInformational ? false : throw Http3ProtocolException.ForStream(
            Http3ErrorCode.ExcessiveLoad,
            $"The server sent more than {maxInformational} interim responses ({nameof(Http3ConnectionOptions)}.{nameof(Http3ConnectionOptions.MaxInformationalResponses)}).",
            HttpRequestError.ConfigurationLimitExceeded);
    }

    /// <inheritdoc/>
    public void OnField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        _sectionSize += name.Length + value.Length + 32;
        if (_sectionSize > maxSectionSize)
        {
            throw TooLarge(_sectionSize);
        }

        if (!name.IsEmpty && name[0] == (byte)':')
        {
            TakePseudoField(name, value);
            return;
        }

        _sawRegularField = true;
        if (!HeaderText.IsName(name))
        {
            throw Malformed("has a field name that is no token in lower case");
        }

        if (!HeaderText.IsValue(value))
        {
            throw Malformed($"has a value of '{HeaderText.NameOf(name)}' with a line end or a NUL");
        }

        if (IsOfConnection(name))
        {
            throw Malformed($"has the field '{HeaderText.NameOf(name)}', which belongs to HTTP/1.1 connections");
        }

        if (_isTrailers)
        {
            Response!.TrailingHeaders.TryAddWithoutValidation(HeaderText.NameOf(name), HeaderText.ValueOf(value));
        }
        else if (_status == 0)
        {
            throw Malformed("does not begin with :status");
        }
        else if (_status >= 200)
        {
            TakeField(name, value);
        }
    }

    /// <summary>Whether this much content may come.</summary>
    internal bool AllowsContent(long count) => HasNoContent ? false : ContentLength < 0 || count <= ContentLength;

    /// <summary>Whether the content may end now.</summary>
    internal bool AllowsEndAfter(long count) => HasNoContent || ContentLength < 0 || count == ContentLength;

    /// <summary>Says which rule <see cref="AllowsContent"/> found broken.</summary>
    internal string DescribeTooMuchContent() => HasNoContent
        ? string.Create(CultureInfo.InvariantCulture, $"The server sent content with a response that has none ({_method}, status {_status}).")
        : string.Create(CultureInfo.InvariantCulture, $"The server sent more content than the {ContentLength} bytes it announced (content-length).");

    /// <summary>The failure of a section beyond the limit.</summary>
    internal static Http3ProtocolException SectionTooLarge(long size, int limit) => Http3ProtocolException.ForStream(
        Http3ErrorCode.ExcessiveLoad,
        string.Create(
            CultureInfo.InvariantCulture,
            $"The server sent a header section of {size} bytes or more; at most {limit} are accepted. Raise {nameof(Http3ConnectionOptions)}.{nameof(Http3ConnectionOptions.MaxResponseHeadersSize)} if that is meant."),
        HttpRequestError.ConfigurationLimitExceeded);

    /// <inheritdoc cref="SectionTooLarge"/>
    internal Http3ProtocolException TooLarge(long size) => SectionTooLarge(size, maxSectionSize);

    private static bool IsOfConnection(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("connection"u8) || name.SequenceEqual("transfer-encoding"u8) || name.SequenceEqual("keep-alive"u8)
        || name.SequenceEqual("upgrade"u8) || name.SequenceEqual("proxy-connection"u8);

    private Http3ProtocolException Malformed(string what) => Http3ProtocolException.ForStream(
        Http3ErrorCode.MessageError, $"The server's {(_isTrailers ? "trailer" : "response header")} section {what} (RFC 9114, section 4.1.2).");

    private void TakePseudoField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (_isTrailers || _sawRegularField || _status != 0 || !name.SequenceEqual(":status"u8))
        {
            throw Malformed("has a pseudo-header field that is unknown, repeated, or not at its start");
        }

        if (value.Length != 3 || !Utf8Parser.TryParse(value, out _status, out int used) || used != 3 || _status is < 100 or 101)
        {
            throw Malformed("has a :status that is no final or interim status of HTTP/3");
        }

        if (_status >= 200)
        {
            Response = new HttpResponseMessage((HttpStatusCode)_status) { Version = HttpVersion.Version30, RequestMessage = request, Content = new Http3ResponseContent(exchange) };
        }
    }

    private void TakeField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.SequenceEqual("content-length"u8))
        {
            if (value.IsEmpty || value.ContainsAnyExceptInRange((byte)'0', (byte)'9')
                || !Utf8Parser.TryParse(value, out long length, out int used) || used != value.Length || (ContentLength >= 0 && ContentLength != length))
            {
                throw Malformed("has a content-length that is no number, or two that differ");
            }

            ContentLength = length;
        }

        string nameText = HeaderText.NameOf(name);
        string valueText = HeaderText.ValueOf(value);
        HttpResponseHeaders headers = Response!.Headers;
        if (!headers.TryAddWithoutValidation(nameText, valueText))
        {
            Response.Content.Headers.TryAddWithoutValidation(nameText, valueText);
        }
    }
}
