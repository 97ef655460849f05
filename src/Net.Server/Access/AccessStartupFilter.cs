using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Net.Security;

namespace Net.Server;

/// <summary>Puts access control before everything else of the application.</summary>
internal sealed class AccessStartupFilter(AccessGate gate, GrpcPaths paths) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => application =>
    {
        var access = new AccessMiddleware(gate, paths);
        application.Use(access.InvokeAsync);
        next(application);
    };
}
