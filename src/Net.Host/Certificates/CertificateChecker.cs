using System.Globalization;
using System.Text.Json;
using Net.Security;

namespace Net.Hosting.Certificates;

/// <summary><c>net certs check</c>: judges files as a server does that starts with them and has the same options. What it cannot know is what a running one has in use: names must not be lost, nor lists be older.</summary>
internal sealed class CertificateChecker(HostContext context, CertificateCheckOptions options)
{
    private const int WarnDays = 14;

    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        CertificateCheckReport report = await CheckAsync(cancellationToken).ConfigureAwait(false);
        if (options.Json)
        {
            await context.Output.WriteLineAsync(JsonSerializer.Serialize(report, HostJson.Default.CertificateCheckReport)).ConfigureAwait(false);
        }
        else
        {
            foreach (string warning in report.Warnings)
            {
                await context.Error.WriteLineAsync($"Warning: {warning}").ConfigureAwait(false);
            }

            await (report.IsGood
                ? context.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Good: '{options.CertificatePath}' would go live; {report.DaysLeft} days left."))
                : context.Error.WriteLineAsync($"Refused ({report.Fault}): {report.Message}")).ConfigureAwait(false);
        }

        return report.IsGood ? ExitCodes.Ok : ExitCodes.Certificate;
    }

    private async Task<CertificateCheckReport> CheckAsync(CancellationToken cancellationToken)
    {
        List<string> warnings = FindOpenKey();
        try
        {
            CertificateSource source = await CertificateSource.OpenAsync(
                new CertificateSourceOptions
                {
                    Name = "check",
                    Identities = [IdentityInput.FromPemFiles(options.CertificatePath, options.KeyPath)],
                    TrustFiles = File.Exists(options.AuthorityPath) || options.RevocationListPaths.Count > 0 ? [options.AuthorityPath] : [],
                    RevocationListFiles = options.RevocationListPaths,
                    IssuerFiles = options.IssuerPaths,
                    Role = options.Role,
                    TimeProvider = context.TimeProvider,
                },
                cancellationToken).ConfigureAwait(false);
            await using (source.ConfigureAwait(false))
            {
                int days = (int)Math.Floor((source.Current.NotAfter - context.TimeProvider.GetUtcNow()).TotalDays);
                if (options.MinimumDays is int minimum && days < minimum)
                {
                    return new CertificateCheckReport
                    {
                        IsGood = false,
                        Fault = nameof(CertificateFault.Expired),
                        Message = string.Create(CultureInfo.InvariantCulture, $"The certificate '{options.CertificatePath}' has {days} days left, fewer than --min-days {minimum}. Renew it."),
                        Warnings = warnings,
                        DaysLeft = days,
                    };
                }

                if (days < WarnDays)
                {
                    warnings.Add(string.Create(CultureInfo.InvariantCulture, $"the certificate has {days} days left; renew it soon."));
                }

                return new CertificateCheckReport { IsGood = true, Warnings = warnings, DaysLeft = days };
            }
        }
        catch (CertificateSourceException exception)
        {
            return new CertificateCheckReport { IsGood = false, Fault = exception.Fault.ToString(), Message = exception.Message, Warnings = warnings };
        }
    }

    private List<string> FindOpenKey() =>
        !OperatingSystem.IsWindows() && File.Exists(options.KeyPath) && (File.GetUnixFileMode(options.KeyPath) & (UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0
            ? [$"the key '{options.KeyPath}' can be read or written by others; `chmod 600` closes it."]
            : [];
}
