using System.CommandLine;
using Net.Hosting.Certificates;
using Net.Security;

namespace Net.Hosting.CommandLine;

/// <summary><c>net certs</c>.</summary>
internal static class CertsCommand
{
    private static readonly string Help = $"""
        Examples:
          net certs show                                       every certificate in {CertificateFiles.DefaultDirectory}
          net certs show site.pem --ca ca.pem --json
          net certs check --cert site.pem --key site-key.pem --issuer ca.pem --role server --min-days 7
              before the files go where a server watches them: says what a server that starts with the same --issuer and --crl would refuse, and why;
              one that runs also refuses a certificate that lacks a name of the one in use, and a revocation list that is older
          net certs renew --days 30                            a new server certificate by the development authority

        Exit codes: {ExitCodes.Help}. A certificate that would be refused makes it {ExitCodes.Certificate}.
        """;

    internal static (Command Command, string Help) Make(HostContext context, Dictionary<Command, string> texts)
    {
        Command command = new("certs", "Shows, checks and renews the certificates of a deployment.");
        foreach (Command part in new[] { MakeShow(context), MakeCheck(context), MakeRenew(context) })
        {
            command.Subcommands.Add(part);
            texts.Add(part, Help);
        }

        return (command, Help);
    }

    private static Command MakeShow(HostContext context)
    {
        Argument<string[]> paths = new("FILE")
        {
            Description = "PEM or DER files, or directories with them (*.pem, *.crt, *.cer).",
            DefaultValueFactory = static _ => [CertificateFiles.DefaultDirectory],
        };
        Option<string> authority = File("--ca", "The authority to judge them by, PEM.", "ca.pem");
        Option<bool> json = new("--json") { Description = "Prints one JSON document instead of a table." };
        Command show = new("show", "Shows subject, names, issuer, serial, validity, key and verdict of each certificate.");
        show.Arguments.Add(paths);
        show.Options.Add(authority);
        show.Options.Add(json);
        show.SetAction((parsed, _) => new CertificateLister(context).RunAsync(parsed.GetRequiredValue(paths), parsed.GetRequiredValue(authority), parsed.GetValue(json)));
        return show;
    }

    private static Command MakeCheck(HostContext context)
    {
        Option<string> certificate = File("--cert", "The certificate, PEM, with intermediates after it.", "server.pem");
        Option<string> key = File("--key", "Its private key, PEM, not encrypted.", "server-key.pem");
        Option<string> authority = File("--ca", "The authority that peers come from, PEM. Not read when the file is missing and there is no --crl.", "ca.pem");
        Option<string[]> lists = Files("--crl", "Revocation list of the authority; may be given several times.");
        Option<string[]> issuers = Files("--issuer", "Root that the certificate must lead to, PEM; may be given several times. Default: none, its chain is only checked within itself.");
        Option<CertificateRole> role = new("--role")
        {
            Description = "What the certificate is for: server, client, both, or either.",
            DefaultValueFactory = static _ => CertificateRole.Either,
            HelpName = "server|client|both|either",
        };
        Option<int?> days = new("--min-days") { Description = "Fails when fewer days are left. Default: only warns.", HelpName = "DAYS" };
        Option<bool> json = new("--json") { Description = "Prints one JSON document instead of text." };
        Command check = new("check", "Judges files as a server would that starts with them.");
        foreach (Option option in new Option[] { certificate, key, authority, lists, issuers, role, days, json })
        {
            check.Options.Add(option);
        }

        check.SetAction((parsed, cancellationToken) => new CertificateChecker(context, new CertificateCheckOptions
        {
            CertificatePath = parsed.GetRequiredValue(certificate),
            KeyPath = parsed.GetRequiredValue(key),
            AuthorityPath = parsed.GetRequiredValue(authority),
            RevocationListPaths = parsed.GetRequiredValue(lists),
            IssuerPaths = parsed.GetRequiredValue(issuers),
            Role = parsed.GetValue(role),
            MinimumDays = parsed.GetValue(days),
            Json = parsed.GetValue(json),
        }).RunAsync(cancellationToken));
        return check;
    }

    private static Command MakeRenew(HostContext context)
    {
        Option<string> certificate = File("--cert", "The certificate to renew: subject, names and usage stay, and the intermediates after it that lead on from the authority.", "server.pem");
        Option<string> key = File("--key", "Where its new key goes.", "server-key.pem");
        Option<string> authority = File("--ca", "The authority, PEM: a root, or an intermediate, which is written after the new certificate.", "ca.pem");
        Option<string> authorityKey = File("--ca-key", "The authority's private key, PEM.", "ca-key.pem");
        Option<int> days = CountOptions.Make("--days", "How long it holds.", 90, 1, 3650);
        Command renew = new("renew", "Makes a new certificate with a new key by a development authority.");
        foreach (Option option in new Option[] { certificate, key, authority, authorityKey, days })
        {
            renew.Options.Add(option);
        }

        renew.SetAction((parsed, _) => new CertificateRenewal(context, new RenewalOptions(
            parsed.GetRequiredValue(certificate), parsed.GetRequiredValue(key), parsed.GetRequiredValue(authority), parsed.GetRequiredValue(authorityKey), parsed.GetValue(days))).RunAsync());
        return renew;
    }

    private static Option<string> File(string name, string description, string file) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => $"{CertificateFiles.DefaultDirectory}/{file}",
        HelpName = "FILE",
    };

    private static Option<string[]> Files(string name, string description) => new(name)
    {
        Description = description,
        DefaultValueFactory = static _ => [],
        HelpName = "FILE",
    };
}
