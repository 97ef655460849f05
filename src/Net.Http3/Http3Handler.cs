using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace Net.Http3;

/// <summary>HTTP/3 for <see cref="HttpClient"/> over any engine of Net. Thread-safe.</summary>
/// <remarks>
/// <para>Which version a request uses follows its <see cref="HttpRequestMessage.Version"/> and <see cref="HttpRequestMessage.VersionPolicy"/>. HTTP/3 alone: version 3.0 with
/// <see cref="HttpVersionPolicy.RequestVersionExact"/> or <see cref="HttpVersionPolicy.RequestVersionOrHigher"/>. HTTP/3, and the fallback when no HTTP/3 connection comes about: version 3.0 with
/// <see cref="HttpVersionPolicy.RequestVersionOrLower"/>, and lower versions with <see cref="HttpVersionPolicy.RequestVersionOrHigher"/>. All else, which is HttpClient's default, goes to the fallback:
/// set <see cref="HttpClient.DefaultRequestVersion"/>. A server whose certificate is refused is never asked again over another version.</para>
/// <para>It keeps no cookies, follows no redirects, decompresses nothing, and knows no proxy.</para>
/// </remarks>
public sealed class Http3Handler : HttpMessageHandler, IAsyncDisposable
{
    private static readonly TimeSpan LongestMaintenance = TimeSpan.FromSeconds(30);

    private readonly Http3HandlerOptions _options;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<(string Host, int Port), Http3Origin> _origins = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lazy<HttpMessageInvoker> _fallback;
    private readonly ITimer? _maintenance;
    private readonly Lock _lock = new();
    private Task? _disposal;

    /// <summary>Makes a handler. Nothing is connected before the first request.</summary>
    /// <param name="options">What to connect with.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message lists every fault.</exception>
    public Http3Handler(Http3HandlerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _logger = options.LoggerFactory.CreateLogger<Http3Handler>();
        _fallback = new Lazy<HttpMessageInvoker>(() => new HttpMessageInvoker(options.Fallback ?? FallbackHandler.Create(options), disposeHandler: options.Fallback is null));
        TimeSpan shortest = new[] { options.PooledConnectionIdleTimeout, options.PooledConnectionLifetime }.Where(static t => t != Timeout.InfiniteTimeSpan)
            .DefaultIfEmpty(LongestMaintenance * 4).Min() / 4;
        TimeSpan period = shortest < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : shortest > LongestMaintenance ? LongestMaintenance : shortest;
        _maintenance = options.TimeProvider.CreateTimer(static state => ((Http3Handler)state!).Maintain(), this, period, period);
    }

    private enum Route
    {
        Http3Only,
        Http3First,
        FallbackOnly,
    }

    /// <summary>How many connections take requests now, all hosts together.</summary>
    public int ConnectionCount => _origins.Values.Sum(static o => o.ConnectionCount);

    /// <summary>Closes all connections; requests in flight fail. May be called twice.</summary>
    /// <returns>A task that is over when all is given back.</returns>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return new ValueTask(BeginDisposal());
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _ = BeginDisposal();
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
        if (request.RequestUri is not { IsAbsoluteUri: true } uri)
        {
            throw new InvalidOperationException("The request's URI must be absolute.");
        }

        Route route = RouteOf(request, uri);
        if (route == Route.FallbackOnly)
        {
            return await _fallback.Value.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }

        Http3Origin origin = UseOrigin(uri);
        try
        {
            return await SendToAsync(origin, route, request, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            origin.EndUse();
        }
    }

    // Apart from the above, whose state is allocated anew for each request as that of every task.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<HttpResponseMessage> SendToAsync(Http3Origin origin, Route route, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (route == Route.Http3First && origin.IsPaused)
        {
            return await FallBackAsync(request, cancellationToken).ConfigureAwait(false);
        }

        PooledConnection connection;
        long started = _options.TimeProvider.GetTimestamp();
        Activity? activity = Http3Diagnostics.Start(request);
        try
        {
            connection = await origin.RentAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // The fallback measures what it does itself.
            bool fallsBack = route == Route.Http3First && MayFallBack(exception);
            Http3Diagnostics.Stop(activity, request, null, exception, fallsBack ? null : _options.TimeProvider.GetElapsedTime(started));
            if (fallsBack)
            {
                return await FallBackAsync(request, cancellationToken).ConfigureAwait(false);
            }

            throw;
        }

        return await SendOnAsync(activity, started, origin, connection, request, cancellationToken).ConfigureAwait(false);
    }

    private static Route RouteOf(HttpRequestMessage request, Uri uri)
    {
        bool wants3 = request.Version.Major >= 3;
        if (uri.Scheme != Uri.UriSchemeHttps)
        {
            return wants3 && request.VersionPolicy != HttpVersionPolicy.RequestVersionOrLower
                ? throw new HttpRequestException(HttpRequestError.VersionNegotiationError, $"HTTP/3 needs an https URI; this is '{uri.Scheme}'.")
                : Route.FallbackOnly;
        }

        return request.VersionPolicy switch
        {
            HttpVersionPolicy.RequestVersionOrLower => wants3 ? Route.Http3First : Route.FallbackOnly,
            HttpVersionPolicy.RequestVersionOrHigher => wants3 ? Route.Http3Only : Route.Http3First,
            _ => wants3 ? Route.Http3Only : Route.FallbackOnly,
        };
    }

    // A server that was reached and refused, or whom this side refuses, is not asked again in another way.
    private static bool MayFallBack(Exception exception) =>
        Http3Exceptions.FindTransportException(exception) is { Error: TransportError.ConnectFailed or TransportError.EngineMissing };

    private Task<HttpResponseMessage> FallBackAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Version.Major >= 3)
        {
            request.Version = HttpVersion.Version20;
        }

        return _fallback.Value.SendAsync(request, cancellationToken);
    }

    private ValueTask<HttpResponseMessage> SendOnAsync(
        Activity? activity, long started, Http3Origin origin, PooledConnection connection, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            Http3Diagnostics.Inject(_options.ActivityHeadersPropagator, request);
        }
        catch
        {
            origin.EndPromise(connection);
            throw;
        }

        return activity is null && !Http3Diagnostics.IsMeasuring
            ? SendAndRetryAsync(origin, connection, request, cancellationToken)
            : SendObservedAsync(activity, started, origin, connection, request, cancellationToken);
    }

    private async ValueTask<HttpResponseMessage> SendObservedAsync(
        Activity? activity, long started, Http3Origin origin, PooledConnection connection, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Http3Diagnostics.CountActive(request, 1);
        HttpResponseMessage? response = null;
        Exception? failure = null;
        try
        {
            return response = await SendAndRetryAsync(origin, connection, request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failure = exception;
            throw;
        }
        finally
        {
            Http3Diagnostics.CountActive(request, -1);
            Http3Diagnostics.Stop(activity, request, response, failure, _options.TimeProvider.GetElapsedTime(started));
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<HttpResponseMessage> SendAndRetryAsync(
        Http3Origin origin, PooledConnection connection, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        bool wasTooEarly = false;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                ValueTask<HttpResponseMessage> sending;
                try
                {
                    sending = connection.Session.SendObservedAsync(request, null, cancellationToken);
                }
                finally
                {
                    origin.EndPromise(connection);
                }

                HttpResponseMessage response = await sending.ConfigureAwait(false);
                if (wasTooEarly || connection.Session.Connection.EarlyData == EarlyDataStatus.None || !TooEarly.MustBeSentAgain(response, request))
                {
                    return response;
                }

                // The server would not risk a replay; after the handshake there is none to fear (RFC 8470, section 5.2).
                wasTooEarly = true;
                response.Dispose();
                await connection.Session.Connection.HandshakeCompletion.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (HttpRequestException exception) when (attempt <= _options.MaxRetries && Http3Exceptions.IsSafeToRetry(exception) && TooEarly.CanBeSentAgain(request))
            {
                Http3Log.RequestRetried(_logger, origin.EndPoint, attempt + 1);
            }

            connection = await origin.RentAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private Http3Origin UseOrigin(Uri uri)
    {
        (string, int) key = (uri.IdnHost, uri.Port);
        while (true)
        {
            Http3Origin origin = _origins.GetOrAdd(
                key, static (k, handler) => new Http3Origin(k.Host, k.Port, handler._options, handler._logger, handler._stopping.Token), this);
            if (origin.TryBeginUse())
            {
                return origin;
            }

            ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
            _origins.TryRemove(new KeyValuePair<(string, int), Http3Origin>(key, origin));
        }
    }

    private void Maintain()
    {
        foreach (KeyValuePair<(string, int), Http3Origin> entry in _origins)
        {
            if (entry.Value.Maintain())
            {
                _origins.TryRemove(entry);
            }
        }
    }

    private Task BeginDisposal()
    {
        lock (_lock)
        {
            return _disposal ??= Task.Run(DisposeCoreAsync);
        }
    }

    private async Task DisposeCoreAsync()
    {
        if (_maintenance is not null)
        {
            await _maintenance.DisposeAsync().ConfigureAwait(false);
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        foreach (Http3Origin origin in _origins.Values)
        {
            try
            {
                await origin.CloseAsync().ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                Http3Log.HandlerDisposalFailed(_logger, origin.EndPoint, exception);
            }
        }

        if (_fallback.IsValueCreated)
        {
            _fallback.Value.Dispose();
        }
    }
}
