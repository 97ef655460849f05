using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Net.Http.Headers;

namespace Net.Hosting.Pages;

/// <summary>Serves <c>GET /</c>: a page for a person, the same as data for a program.</summary>
internal static class StatusEndpoint
{
    internal static void Map(WebApplication application, StatusReportBuilder builder) => application.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], context =>
    {
        StatusReport report = builder.Build(context);
        HttpResponse response = context.Response;
        response.Headers.CacheControl = "no-store";
        response.Headers.Vary = "accept";
        response.Headers.XContentTypeOptions = "nosniff";
        if (PrefersJson(context.Request.GetTypedHeaders()))
        {
            response.ContentType = "application/json";
            return response.WriteAsync(JsonSerializer.Serialize(report, HostJson.Default.StatusReport) + "\n", context.RequestAborted);
        }

        response.ContentType = "text/html; charset=utf-8";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
        return response.WriteAsync(StatusPage.Render(report), context.RequestAborted);
    });

    /// <summary>Whether JSON is named with at least the weight of HTML (RFC 9110, section 12.5.1). Who names neither gets the page.</summary>
    private static bool PrefersJson(RequestHeaders headers)
    {
        double json = 0;
        double html = 0;
        foreach (MediaTypeHeaderValue accepted in headers.Accept)
        {
            double quality = accepted.Quality ?? 1;
            if (accepted.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
            {
                json = quality;
            }
            else if (accepted.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase))
            {
                html = quality;
            }
        }

        return json > 0 && json >= html;
    }
}
