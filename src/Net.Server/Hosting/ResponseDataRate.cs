using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;

namespace Net.Server;

/// <summary>
/// Switches Kestrel's minimal response data rate off where nobody set it, and on again for requests of HTTP/1.1. It is one setting for all protocols, and on HTTP/3 one slow response, or one
/// lost acknowledgement of its end, would close the connection with all other requests; there <see cref="NetTransportOptions.MinResponseDataRate"/> bounds each stream.
/// </summary>
internal sealed class ResponseDataRate : IPostConfigureOptions<KestrelServerOptions>, IStartupFilter
{
    private static readonly MinDataRate KestrelDefault = new KestrelServerLimits().MinResponseDataRate!;
    private bool _isSwitchedOff;

    public void PostConfigure(string? name, KestrelServerOptions options)
    {
        if (options.Limits.MinResponseDataRate is { } rate && rate.BytesPerSecond == KestrelDefault.BytesPerSecond && rate.GracePeriod == KestrelDefault.GracePeriod)
        {
            options.Limits.MinResponseDataRate = null;
            _isSwitchedOff = true;
        }
    }

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => application =>
    {
        application.Use(RestoreAsync);
        next(application);
    };

    private Task RestoreAsync(HttpContext context, RequestDelegate next)
    {
        if (_isSwitchedOff && HttpProtocol.IsHttp11(context.Request.Protocol) && context.Features.Get<IHttpMinResponseDataRateFeature>() is { } feature)
        {
            feature.MinDataRate = KestrelDefault;
        }

        return next(context);
    }
}
