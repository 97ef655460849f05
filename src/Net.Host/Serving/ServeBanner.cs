using System.Globalization;
using System.Net;
using System.Text;
using Net.Hosting.Certificates;
using Net.Hosting.CommandLine;
using Net.Hosting.Pages;

namespace Net.Hosting.Serving;

/// <summary>What <c>net serve</c> tells when it listens: what is served where and with what, and how to try it.</summary>
internal sealed class ServeBanner(ServeScope scope)
{
    internal const int WarnDays = 14;

    internal string Describe(IPEndPoint bound, IPEndPoint? admin)
    {
        ServeOptions options = scope.Options;
        CertificateSummary certificate = CertificateSummary.From(scope.Tls.Identity.Certificate, scope.Context.TimeProvider.GetUtcNow());
        var text = new StringBuilder();
        string where = scope.Engine is null ? $"TCP {bound}" : $"UDP {bound} and TCP {bound}";
        text.Append(CultureInfo.InvariantCulture, $"net {VersionCommand.ProductVersion} listens on {where}\n\n");
        if (scope.Engine is { } engine)
        {
            Row("engine", $"{engine.Name} {engine.Support.Version}");
            Row("UDP", $"{string.Join(", ", scope.UdpProtocols)}");
        }
        else
        {
            Row("engine", "none: HTTP/3 and raw streams over QUIC are not served");
        }

        Row("TCP", string.Join(", ", ServeScope.TcpProtocols));
        Row("raw streams", "echo");
        Row("gRPC", "echo, crypto, AQL, health, reflection");
        Row("AQL data", scope.Services.DescribeData);
        Row("web page", $"https://{CallExamples.Target(bound)}/");
        Row("health", admin is null ? "not served" : $"http://{admin}/health, /readyz, /livez, /metrics, /channels");
        Row("certificate", $"{certificate.Subject} ({options.CertificatePath})");
        Row("", $"names {(certificate.Names.Count == 0 ? "none: no client can check it" : string.Join(", ", certificate.Names))}");
        Row("", string.Create(CultureInfo.InvariantCulture, $"valid until {certificate.NotAfter:yyyy-MM-dd}, {certificate.DaysLeft} days left{(certificate.DaysLeft < WarnDays ? ": renew it soon" : "")}"));
        Row("", $"SHA-256 {certificate.Fingerprint}");
        Row("clients", DescribeClients(options));
        Row("access", options.AccessFile is { } rules ? $"by the rules of {rules}" : "whoever connects may do all (--access names rules)");
        Row("limits", string.Create(CultureInfo.InvariantCulture, $"{options.MaxConnections} connections, {options.MaxStreams} streams on each"));
        text.Append("\nTry it:\n");
        foreach (string example in CallExamples.Make(options, bound, certificate, hasEngine: scope.Engine is not null))
        {
            text.Append("  ").Append(example).Append('\n');
        }

        text.Append(CultureInfo.InvariantCulture, $"Stop it: Ctrl-C or SIGTERM; running calls and streams have {options.ShutdownTimeout.TotalSeconds:0.###} s to end.\n");
        return text.ToString();

        void Row(string name, string value) => text.Append(CultureInfo.InvariantCulture, $"  {name,-12} {value}\n");
    }

    private static string DescribeClients(ServeOptions options) => options.ClientCertificateMode switch
    {
        ClientCertificateMode.None => "need no certificate",
        ClientCertificateMode.Optional => $"may show a certificate of {options.AuthorityPath}",
        _ => $"must show a certificate of {options.AuthorityPath}",
    };
}
