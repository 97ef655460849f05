using System.Net;
using Net.Hosting.Certificates;
using Net.Hosting.Serving;

namespace Net.Hosting.Pages;

/// <summary>Commands that call this server, as somebody on this machine would type them.</summary>
internal static class CallExamples
{
    internal static IReadOnlyList<string> Make(ServeOptions options, IPEndPoint bound, CertificateSummary certificate, bool hasEngine)
    {
        List<string> examples = [];
        string target = Target(bound);
        if (hasEngine)
        {
            examples.Add($"{Program} echo {target} --message hello{Certificates(options, bound, certificate)}");
        }

        string certificates = Certificates(options, bound, certificate);
        examples.Add($"{Program} sign {target} --message hello{certificates}");
        examples.Add($"{Program} aql {target} 'set users/42 \"Ada\"; get users/42'{certificates}");
        string identity = options.ClientCertificateMode == ClientCertificateMode.None ? "" : $" --cert {options.ClientCertificatePath} --key {options.ClientKeyPath}";
        examples.Add($"curl --cacert {options.AuthorityPath}{identity} -H 'accept: application/json' https://{target}/");
        return examples;
    }

    /// <summary>Host and port for a client on this machine.</summary>
    internal static string Target(IPEndPoint bound) => new TransportEndPoint(Host(bound), bound.Port).ToString();

    /// <summary>The options that name certificates, each with a space before it.</summary>
    internal static string Certificates(ServeOptions options, IPEndPoint bound, CertificateSummary certificate)
    {
        string name = certificate.Names.Contains(Host(bound), StringComparer.OrdinalIgnoreCase) || certificate.Names.Count == 0 ? "" : $" --server-name {certificate.Names[0]}";
        string identity = options.ClientCertificateMode == ClientCertificateMode.None ? ""
            : $" --cert {options.ClientCertificatePath} --key {options.ClientKeyPath}";
        return $" --ca {options.AuthorityPath}{identity}{name}";
    }

    private static string Host(IPEndPoint bound) =>
        bound.Address.Equals(IPAddress.Any) || bound.Address.Equals(IPAddress.IPv6Any) ? "localhost" : bound.Address.ToString();

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
