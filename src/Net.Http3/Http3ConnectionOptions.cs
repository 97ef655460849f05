using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Net.Http3;

/// <summary>Limits and signals of one HTTP/3 connection.</summary>
public sealed record Http3ConnectionOptions
{
    /// <summary>The defaults.</summary>
    public static Http3ConnectionOptions Default { get; } = new();

    /// <summary>
    /// The largest response header section or trailer section accepted, bytes: names, values and 32 for each field (RFC 9114, section 4.2.2). Default 64 KiB; range 1 KiB to 16 MiB. A larger one fails the
    /// request and resets its stream. The server is told with SETTINGS_MAX_FIELD_SECTION_SIZE. One value alone can never be larger than 64 KiB.
    /// </summary>
    /// <remarks>Above the largest that servers send; it bounds what one can make each call hold.</remarks>
    public int MaxResponseHeadersSize { get; init; } = 64 << 10;

    /// <summary>The dynamic table that the server may use for response headers, bytes. Default 4096; range 0 (none) to 1 MiB. It costs that much memory for each connection.</summary>
    /// <remarks>Larger saves bytes where responses repeat long headers; 0 saves the memory and the waits for the encoder's stream.</remarks>
    public int QpackDecoderTableCapacity { get; init; } = 4096;

    /// <summary>How many responses may wait for the server's encoder stream at once. Default 16; range 0 to 1,000.</summary>
    /// <remarks>0 where a lost packet of headers must not hold up others; more compresses better.</remarks>
    public int QpackBlockedStreams { get; init; } = 16;

    /// <summary>The largest dynamic table for request headers, bytes, as far as the server offers one. Default 4096; range 0 (none) to 1 MiB.</summary>
    /// <remarks>Larger saves bytes where requests repeat long headers, such as tokens.</remarks>
    public int QpackEncoderTableCapacity { get; init; } = 4096;

    /// <summary>How many interim (1xx) responses may precede the final one. Default 16; range 0 to 1,000. More fail the request.</summary>
    /// <remarks>Servers send one or two; leave it.</remarks>
    public int MaxInformationalResponses { get; init; } = 16;

    /// <summary>How long a request with <c>Expect: 100-continue</c> waits for the server's word before it sends its content all the same. Default 1 s; range 1 ms to 1 h.</summary>
    /// <remarks>About two round trips: a server that does not know the expectation never answers it.</remarks>
    public TimeSpan Expect100ContinueTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Chooses how the values of request headers become bytes; <c>null</c>, as a whole or as its answer (the default): Latin-1.</summary>
    /// <remarks>Leave it, unless a server is known to want UTF-8 in header values.</remarks>
    public HeaderEncodingSelector<HttpRequestMessage>? RequestHeaderEncodingSelector { get; init; }

    /// <summary>Where time comes from. Default <see cref="TimeProvider.System"/>.</summary>
    /// <remarks>For tests.</remarks>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Takes the log. Default: none.</summary>
    /// <remarks>Give one where connections are to be followed; failures reach their callers all the same.</remarks>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Where those go on who wait inside the connection. Default: the thread pool.</summary>
    internal Continuations Continuations { get; init; } = Continuations.OnThreadPool;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(Http3ConnectionOptions));
        faults.Range(nameof(MaxResponseHeadersSize), MaxResponseHeadersSize, 1 << 10, 16 << 20);
        faults.Range(nameof(QpackDecoderTableCapacity), QpackDecoderTableCapacity, 0, 1 << 20);
        faults.Range(nameof(QpackBlockedStreams), QpackBlockedStreams, 0, 1000);
        faults.Range(nameof(QpackEncoderTableCapacity), QpackEncoderTableCapacity, 0, 1 << 20);
        faults.Range(nameof(MaxInformationalResponses), MaxInformationalResponses, 0, 1000);
        faults.Range(nameof(Expect100ContinueTimeout), Expect100ContinueTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1));
        if (TimeProvider is null)
        {
            faults.Add(nameof(TimeProvider), "is null.");
        }

        if (LoggerFactory is null)
        {
            faults.Add(nameof(LoggerFactory), "is null.");
        }

        faults.ThrowIfAny();
    }
}
