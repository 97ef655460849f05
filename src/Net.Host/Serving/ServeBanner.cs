using System.Globalization;
using System.Net;
using System.Text;
using Net.Hosting.Certificates;
using Net.Hosting.CommandLine;

namespace Net.Hosting.Serving;

/// <summary>What <c>net serve</c> tells when it listens: what is served where and with what, and how to try it.</summary>
internal sealed class ServeBanner(ServeOptions options, TimeProvider timeProvider)
{
    internal const int WarnDays = 14;

    internal string Describe(TransportEngine engine, IPEndPoint bound, IReadOnlyList<string> protocols, ServerTlsOptions tls)
    {
        CertificateSummary certificate = CertificateSummary.From(tls.Identity.Certificate, timeProvider.GetUtcNow());
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"net {VersionCommand.ProductVersion} listens on UDP {bound}\n\n");
        Row("engine", $"{engine.Name} {engine.Support.Version}");
        Row("protocols", string.Join(", ", protocols));
        Row("routes", "echo");
        Row("certificate", $"{certificate.Subject} ({options.CertificatePath})");
        Row("", $"names {(certificate.Names.Count == 0 ? "none: no client can check it" : string.Join(", ", certificate.Names))}");
        Row("", string.Create(CultureInfo.InvariantCulture, $"valid until {certificate.NotAfter:yyyy-MM-dd}, {certificate.DaysLeft} days left{(certificate.DaysLeft < WarnDays ? ": renew it soon" : "")}"));
        Row("", $"SHA-256 {certificate.Fingerprint}");
        Row("clients", DescribeClients());
        Row("limits", string.Create(CultureInfo.InvariantCulture, $"{options.MaxConnections} connections, {options.MaxStreams} streams on each"));
        text.Append("\nTry it:\n  ").Append(TryCommand(bound, certificate)).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"Stop it: Ctrl-C or SIGTERM; running streams have {options.ShutdownTimeout.TotalSeconds:0.###} s to end.\n");
        return text.ToString();

        void Row(string name, string value) => text.Append(CultureInfo.InvariantCulture, $"  {name,-12} {value}\n");
    }

    private string DescribeClients() => options.ClientCertificateMode switch
    {
        ClientCertificateMode.None => "need no certificate",
        ClientCertificateMode.Optional => $"may show a certificate of {options.AuthorityPath}",
        _ => $"must show a certificate of {options.AuthorityPath}",
    };

    private string TryCommand(IPEndPoint bound, CertificateSummary certificate)
    {
        bool isAny = bound.Address.Equals(IPAddress.Any) || bound.Address.Equals(IPAddress.IPv6Any);
        string host = isAny ? "localhost" : bound.Address.ToString();
        var target = new TransportEndPoint(host, bound.Port);
        string name = certificate.Names.Contains(host, StringComparer.OrdinalIgnoreCase) || certificate.Names.Count == 0 ? "" : $" --server-name {certificate.Names[0]}";
        string identity = options.ClientCertificateMode == ClientCertificateMode.None ? ""
            : $" --cert {options.ClientCertificatePath} --key {options.ClientKeyPath}";
        return $"{Program} echo {target} --message hello --ca {options.AuthorityPath}{identity}{name}";
    }

    // As the reader would type it where they are, when that is shorter.
    private static string Program
    {
        get
        {
            string path = Environment.ProcessPath ?? "net";
            string relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
            return relative.StartsWith("..", StringComparison.Ordinal) ? path
                : relative.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal) ? relative
                : Path.Combine(".", relative);
        }
    }
}
