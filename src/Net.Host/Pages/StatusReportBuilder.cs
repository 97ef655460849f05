using System.Net;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Net.Grpc;
using Net.Hosting.Admin;
using Net.Hosting.Certificates;
using Net.Hosting.CommandLine;
using Net.Hosting.Serving;
using Net.Server;

namespace Net.Hosting.Pages;

/// <summary>Collects what <c>GET /</c> tells.</summary>
internal sealed class StatusReportBuilder(ServeScope scope, IPEndPoint endPoint, IReadOnlyList<string> rawStreams)
{
    internal const int MaxConnectionsShown = 100;

    internal StatusReport Build(HttpContext context)
    {
        CertificateSummary certificate = CertificateSummary.From(scope.Tls.Identity.Certificate, scope.Context.TimeProvider.GetUtcNow());
        IReadOnlyCollection<TransportConnection> connections = scope.Engine is null ? [] : context.RequestServices.GetRequiredService<NetTransportStatus>().Connections;
        bool maySeePeers = context.Connection.ClientCertificate is not null || (context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address));
        return new StatusReport
        {
            Version = VersionCommand.ProductVersion,
            Runtime = RuntimeInformation.FrameworkDescription,
            Status = scope.Activity.IsDraining ? HealthReport.Draining : HealthReport.Serving,
            Engine = scope.Engine is { } engine ? $"{engine.Name} {engine.Support.Version}".TrimEnd() : null,
            MissingEngine = scope.MissingEngine,
            Ports = Ports(),
            RawStreams = rawStreams,
            Services = Services(context.RequestServices.GetServices<EndpointDataSource>()),
            Certificate = new ServedCertificate(certificate.Subject, certificate.Names, certificate.NotAfter, certificate.DaysLeft, certificate.Fingerprint),
            ClientCertificates = scope.Options.ClientCertificateMode.ToString().ToLowerInvariant(),

            // The one that asks is no work of anybody's.
            CallsInFlight = Math.Max(0, scope.Activity.CallsInFlight - 1),
            StreamsInFlight = scope.Activity.StreamsInFlight,
            Totals = scope.Activity.Totals,
            ConnectionCount = connections.Count,
            Connections = [.. connections.OrderBy(static connection => connection.Id).Take(MaxConnectionsShown).Select(connection => Describe(connection, maySeePeers))],
            You = $"{context.Request.Protocol}{(context.Connection.ClientCertificate is { } shown ? $" as {shown.Subject}" : "")}",
            Examples = CallExamples.Make(scope.Options, endPoint, certificate, hasEngine: scope.Engine is not null),
        };
    }

    private static SortedDictionary<string, IReadOnlyList<string>> Services(IEnumerable<EndpointDataSource> sources)
    {
        var services = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        IEnumerable<GrpcMethod> methods = sources.SelectMany(static source => source.Endpoints)
            .Select(static endpoint => endpoint.Metadata.GetMetadata<GrpcMethod>()).OfType<GrpcMethod>();
        foreach (IGrouping<string, GrpcMethod> service in methods.GroupBy(static method => method.Descriptor.Service.FullName))
        {
            services[service.Key] = [.. service.Select(static method => method.Descriptor.Name).Distinct()];
        }

        return services;
    }

    private static ServedConnection Describe(TransportConnection connection, bool maySeePeer)
    {
        PathStatistics path = connection.GetPathStatistics();
        return new ServedConnection
        {
            Id = connection.Id,
            Protocol = connection.ApplicationProtocol,
            Peer = maySeePeer ? connection.RemoteEndPoint.ToString() : null,
            PeerCertificate = maySeePeer ? connection.PeerCertificate?.Subject : null,
            RttMilliseconds = Milliseconds(path.SmoothedRtt),
            MinRttMilliseconds = Milliseconds(path.MinRtt),
            BytesReceived = path.BytesReceived,
            BytesSent = path.BytesSent,
            PacketsLost = path.PacketsLost,
        };
    }

    private static double? Milliseconds(TimeSpan? time) => time is TimeSpan value ? Math.Round(value.TotalMilliseconds, 3) : null;

    private List<ServedPort> Ports()
    {
        List<ServedPort> ports = [];
        if (scope.Engine is not null)
        {
            ports.Add(new ServedPort("UDP", endPoint.ToString(), scope.UdpProtocols));
        }

        ports.Add(new ServedPort("TCP", endPoint.ToString(), ServeScope.TcpProtocols));
        return ports;
    }
}
