using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Net.Http3;

/// <summary>The trace source and meter of <see cref="Http3Handler"/>, by OpenTelemetry's names for HTTP clients. Cost nothing while nobody listens.</summary>
/// <remarks>
/// Span: named after the method, from the call to the response's headers. Instruments: <c>http.client.request.duration</c> s, <c>http.client.active_requests</c> {request}.
/// Requests that go over the fallback are told of by that handler's own signals.
/// </remarks>
public static class Http3Diagnostics
{
    /// <summary>Name of the trace source and of the meter.</summary>
    public const string SourceName = "Net.Http3";

    private static readonly ActivitySource Source = new(SourceName);
    private static readonly Meter Meter = new(SourceName);
    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>("http.client.request.duration", "s", "Time from the call to the response's headers.");
    private static readonly UpDownCounter<long> Active = Meter.CreateUpDownCounter<long>("http.client.active_requests", "{request}", "Requests whose response's headers have not come.");

    /// <summary>Whether anybody wants to know how long requests take.</summary>
    internal static bool IsMeasuring => Duration.Enabled || Active.Enabled;

    internal static Activity? Start(HttpRequestMessage request)
    {
        Activity? activity = Source.StartActivity(MethodOf(request), ActivityKind.Client);
        if (activity is { IsAllDataRequested: true })
        {
            Uri uri = request.RequestUri!;
            activity.SetTag("http.request.method", MethodOf(request));
            activity.SetTag("server.address", uri.IdnHost);
            activity.SetTag("server.port", uri.Port);
            activity.SetTag("url.full", WithoutSecrets(uri));
        }

        return activity;
    }

    internal static void CountActive(HttpRequestMessage request, int change)
    {
        if (Active.Enabled)
        {
            Active.Add(change, new("http.request.method", MethodOf(request)), new("server.address", request.RequestUri!.IdnHost), new("server.port", request.RequestUri.Port));
        }
    }

    internal static void Stop(Activity? activity, HttpRequestMessage request, HttpResponseMessage? response, Exception? failure, TimeSpan? duration)
    {
        int status = (int)(response?.StatusCode ?? 0);
        string? errorType = failure is not null ? ErrorTypeOf(failure) : status >= 400 ? status.ToString(CultureInfo.InvariantCulture) : null;
        if (activity is not null)
        {
            if (response is not null)
            {
                activity.SetTag("http.response.status_code", status);
                activity.SetTag("network.protocol.version", VersionOf(response));
                activity.SetTag("network.transport", response.Version.Major >= 3 ? "quic" : "tcp");
            }

            if (errorType is not null)
            {
                activity.SetTag("error.type", errorType);
                activity.SetStatus(ActivityStatusCode.Error, failure?.Message);
            }

            activity.Stop();
        }

        if (duration is TimeSpan took && Duration.Enabled)
        {
            Uri uri = request.RequestUri!;
            var tags = new TagList
            {
                { "http.request.method", MethodOf(request) },
                { "server.address", uri.IdnHost },
                { "server.port", uri.Port },
                { "url.scheme", uri.Scheme },
            };
            if (response is not null)
            {
                tags.Add("http.response.status_code", status);
                tags.Add("network.protocol.version", VersionOf(response));
            }

            if (errorType is not null)
            {
                tags.Add("error.type", errorType);
            }

            Duration.Record(took.TotalSeconds, tags);
        }
    }

    internal static void Inject(DistributedContextPropagator? propagator, HttpRequestMessage request)
    {
        if (propagator is not null && Activity.Current is { } current)
        {
            propagator.Inject(current, request, static (carrier, name, value) =>
            {
                var message = (HttpRequestMessage)carrier!;
                if (!message.Headers.NonValidated.Contains(name))
                {
                    message.Headers.TryAddWithoutValidation(name, value);
                }
            });
        }
    }

    // A closed set, so that a caller's inventions do not become series of their own.
    private static string MethodOf(HttpRequestMessage request) => request.Method.Method switch
    {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "PATCH" => "PATCH",
        "OPTIONS" => "OPTIONS",
        "TRACE" => "TRACE",
        _ => "_OTHER",
    };

    private static string VersionOf(HttpResponseMessage response) => response.Version.Major >= 3 ? "3" : "2";

    private static string ErrorTypeOf(Exception failure) => failure switch
    {
        HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } http => http.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => "name_resolution_error",
            HttpRequestError.ConnectionError => "connection_error",
            HttpRequestError.SecureConnectionError => "secure_connection_error",
            HttpRequestError.HttpProtocolError => "http_protocol_error",
            HttpRequestError.ResponseEnded => "response_ended",
            HttpRequestError.ConfigurationLimitExceeded => "configuration_limit_exceeded",
            HttpRequestError.VersionNegotiationError => "version_negotiation_error",
            _ => "invalid_response",
        },
        _ => failure.GetType().FullName!,
    };

    // A query may hold what no trace should.
    private static string WithoutSecrets(Uri uri) => uri.Query.Length == 0
        ? $"{uri.Scheme}://{uri.Authority}{uri.AbsolutePath}"
        : $"{uri.Scheme}://{uri.Authority}{uri.AbsolutePath}?*";
}
