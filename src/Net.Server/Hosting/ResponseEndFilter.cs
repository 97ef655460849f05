using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Net.Server.Kestrel;

namespace Net.Server;

/// <summary>Ends the responses of HTTP/3 before Kestrel does, which may wait for ever (<see cref="IStreamEndFeature"/>). Our own methods of gRPC do so by themselves; a content type alone, which a caller chooses, spares nobody.</summary>
internal sealed class ResponseEndFilter(GrpcPaths paths) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => application =>
    {
        application.Use(next => context => context.Features.Get<IStreamEndFeature>() is { } end && paths.Find(context.Request.Path.Value ?? "") is null ? ServeAsync(next, context, end) : next(context));
        next(application);
    };

    private static async Task ServeAsync(RequestDelegate next, HttpContext context, IStreamEndFeature end)
    {
        await next(context).ConfigureAwait(false);
        try
        {
            Task completed = context.Response.CompleteAsync();
            if (completed.IsCompleted || await Task.WhenAny(completed, end.WhenClosedTold()).ConfigureAwait(false) == completed)
            {
                await completed.ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // Whatever is wrong with the response, such as fewer bytes than it announced, Kestrel finds by itself right after, and tells it as it does without this; or the request was aborted, and it is nothing.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }
}
