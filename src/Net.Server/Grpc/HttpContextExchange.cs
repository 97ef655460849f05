using System.IO.Pipelines;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Net.Grpc;
using Net.Server.Kestrel;

namespace Net.Server;

/// <summary>An ASP.NET Core request as gRPC sees it.</summary>
internal sealed class HttpContextExchange(HttpContext context) : GrpcServerExchange
{
    internal override PipeReader Input => context.Request.BodyReader;

    internal override PipeWriter Output => context.Response.BodyWriter;

    // Taken once: after the request the context belongs to another one.
    internal override CancellationToken Aborted { get; } = context.RequestAborted;

    internal override string PeerAddress
    {
        get
        {
            System.Net.IPAddress? address = context.Connection.RemoteIpAddress;
            return address is null ? "" : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
        }
    }

    internal override int PeerPort => context.Connection.RemotePort;

    internal override string? Authority => context.Request.Host.Value;

    internal override X509Certificate2? ClientCertificate => context.Connection.ClientCertificate;

    internal override IServiceProvider? Services => context.RequestServices;

    internal override object? Host => context;

    internal override string? GetRequestHeader(string name) =>
        context.Request.Headers.TryGetValue(name, out StringValues values) ? values.ToString() : null;

    internal override void CopyRequestHeaders(GrpcMetadata target)
    {
        foreach ((string name, StringValues values) in context.Request.Headers)
        {
            foreach (string? value in values)
            {
                target.AddReceived(name, value ?? "");
            }
        }
    }

    internal override void AppendResponseHeader(string name, string value) =>
        context.Response.Headers[name] = StringValues.Concat(context.Response.Headers[name], value);

    internal override void AppendTrailer(string name, string value) => context.Response.AppendTrailer(name, value);

    internal override void Abort() => context.Abort();

    internal override Task CompleteResponseAsync() => context.Response.CompleteAsync();

    // What Kestrel's HTTP/3 writes by itself after the handler it may wait for without end.
    internal override bool MustCompleteResponse => context.Features.Get<IRequestLifeFeature>() is not null;

    internal override Task? WhenStreamOver() => context.Features.Get<IRequestLifeFeature>()?.WhenClosedTold();
}
