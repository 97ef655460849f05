using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Spectre.Console;

namespace Net.Hosting.Certificates;

/// <summary><c>net certs show</c>.</summary>
internal sealed class CertificateLister(HostContext context)
{
    // What certificates are called in directories; a mount of Kubernetes has tls.crt and ca.crt.
    private static readonly string[] Endings = [".pem", ".crt", ".cer"];

    internal async Task<int> RunAsync(IReadOnlyList<string> paths, string authorityPath, bool json)
    {
        CertificateTrust? trust = File.Exists(authorityPath) ? CertificateFiles.LoadTrust(authorityPath) : null;
        DateTimeOffset now = context.TimeProvider.GetUtcNow();
        List<CertificateReport> reports = [];
        foreach (string path in paths)
        {
            if (Directory.Exists(path))
            {
                foreach (string file in Directory.EnumerateFiles(path).Where(static name => Endings.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal))
                {
                    reports.AddRange(Read(file, trust, now, mustHold: false));
                }
            }
            else
            {
                reports.AddRange(Read(path, trust, now, mustHold: true));
            }
        }

        if (json)
        {
            await context.Output.WriteLineAsync(JsonSerializer.Serialize((IReadOnlyList<CertificateReport>)reports, HostJson.Default.IReadOnlyListCertificateReport)).ConfigureAwait(false);
        }
        else if (reports.Count == 0)
        {
            throw new HostException(ExitCodes.Certificate, $"There is no certificate in {string.Join(", ", paths)}. {CertificateFiles.Advice}");
        }
        else
        {
            Print(reports);
        }

        return ExitCodes.Ok;
    }

    private static List<CertificateReport> Read(string path, CertificateTrust? trust, DateTimeOffset now, bool mustHold)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            // Files of these names hold DER as often as PEM. A certificate in DER is over 127 bytes long, so that the second byte is none of text.
            if (File.ReadAllBytes(path) is [0x30, >= 0x80, ..] der)
            {
                certificates.Add(X509CertificateLoader.LoadCertificate(der));
            }
            else
            {
                certificates.ImportFromPemFile(path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new HostException(ExitCodes.Certificate, $"The file '{path}' cannot be read: {exception.Message}", exception);
        }

        if (mustHold && certificates.Count == 0)
        {
            throw new HostException(ExitCodes.Certificate, $"The file '{path}' holds no certificate, neither in PEM nor in DER form.");
        }

        // Each is judged with those that stand after it in the file, as a peer would get them.
        return [.. certificates.Select((certificate, i) => CertificateReport.From(path, certificate, [.. certificates.Skip(i + 1)], trust, now))];
    }

    private void Print(List<CertificateReport> reports)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("file", "subject", "names", "issuer", "serial", "until", "days", "key", "verdict");
        foreach (CertificateReport report in reports)
        {
            table.AddRow(
                Cell(Path.GetFileName(report.File)), Cell(report.Subject), Cell(string.Join(", ", report.Names)), Cell(report.Issuer), Cell(Short(report.Serial)),
                report.NotAfter.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), report.DaysLeft.ToString(CultureInfo.InvariantCulture), Cell(report.Key), Cell(report.Verdict));
        }

        context.Console.Write(table);
    }

    private static string Short(string serial) => serial.Length > 16 ? serial[..16] + "..." : serial;

    // Names are chosen by whoever asked for the certificate.
    private static string Cell(string text) => Markup.Escape(string.Concat(text.Select(static character => char.IsControl(character) ? '?' : character)));
}
