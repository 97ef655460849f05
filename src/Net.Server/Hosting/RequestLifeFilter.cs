using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Net.Server.Kestrel;

namespace Net.Server;

/// <summary>Lets requests of HTTP/3 begin that were not rejected, and ends their responses before Kestrel does, which may wait for ever (<see cref="IRequestLifeFeature"/>). Our own methods of gRPC do so by themselves; a content type alone, which a caller chooses, spares nobody.</summary>
internal sealed class RequestLifeFilter(GrpcPaths paths) : IStartupFilter
{
    private const string UnsentTrailer = "net-unsent";

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => application =>
    {
        application.Use(next => context =>
            context.Features.Get<IRequestLifeFeature>() is not { } end ? next(context)
            : !end.TryBegin() ? Task.CompletedTask
            : paths.Find(context.Request.Path.Value ?? "") is null ? ServeAsync(next, context, end)
            : next(context));
        next(application);
    };

    private static async Task ServeAsync(RequestDelegate next, HttpContext context, IRequestLifeFeature end)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch when (context.Response.HasStarted)
        {
            // Kestrel aborts the stream.
            MarkUnsent(context.Response);
            throw;
        }

        try
        {
            Task completed = context.Response.CompleteAsync();
            if (completed.IsCompleted || await Task.WhenAny(completed, end.WhenClosedTold()).ConfigureAwait(false) == completed)
            {
                await completed.ConfigureAwait(false);
            }
            else
            {
                MarkUnsent(context.Response);
            }
        }
#pragma warning disable CA1031 // Whatever is wrong with the response, such as fewer bytes than it announced, Kestrel finds by itself right after, and tells it as it does without this; or the request was aborted, and it is nothing.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    // Kestrel takes a response of a stream that is gone, which ends with unsent data and without trailers, for a fault of its own, and logs it as critical (Http3OutputProducer.ProcessDataWrites).
    // This trailer reaches nobody.
    private static void MarkUnsent(HttpResponse response)
    {
        if (response.SupportsTrailers())
        {
            response.AppendTrailer(UnsentTrailer, "1");
        }
    }
}
