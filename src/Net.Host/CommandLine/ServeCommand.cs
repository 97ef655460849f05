using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Logging;
using Net.Hosting.Certificates;
using Net.Hosting.Serving;

namespace Net.Hosting.CommandLine;

/// <summary><c>net serve</c>.</summary>
internal static class ServeCommand
{
    private const string Help = $"""
        Examples:
          net serve --port 8443
              development certificates of `make certs`; only clients with a certificate of the same authority
          net serve --port 8443 --client-certificate none
              any client
          net serve --address 127.0.0.1 --port 0 --ready-file ready.json
              a port that the system chooses, written to ready.json once clients can connect
          net serve --port 8443 --admin 0.0.0.0:9090
              health and metrics for other machines, too (they need no certificate); --admin none switches them off
          net serve --port 8443 --data /var/lib/net
              AQL rows that outlive the server, kill -9 included
          OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317 net serve --port 8443
              traces and metrics to an OpenTelemetry collector
          net serve --port 8443 --client-certificate optional --access access.json --audit /var/log/net/audit
              who calls, what they may do and how much, by the rules of a file, and what was refused written down
          NET_PORT=8443 net serve --cert site.pem --key site-key.pem --ca clients.pem

        The files of --cert, --key, --ca, --crl and --issuer are watched: new content is used by the next handshake when it is good, else it is refused with a message and the old one stays.
        A server does not know which roots its clients trust: name them with --issuer, and a certificate that does not lead to one of them never goes live.
        SIGHUP reads them at once. `net certs check --role server`, with the same --issuer and --crl, says beforehand what would be refused.
        Ctrl-C or SIGTERM: /readyz turns 503, no new connections and streams; running calls and streams have --shutdown-timeout to end. A second one ends them at once.
        Where no QUIC engine runs, HTTP/1.1 and HTTP/2 are served over TCP alone, with a warning; --engine ngtcp2 makes that an error.
        Exit codes: {ExitCodes.Help}.
        """;

    internal static (Command Command, string Help) Make(HostContext context)
    {
        Option<int> port = CountOptions.Make("--port", "Port, the same on UDP and TCP; 0 lets the system choose.", 443, 0, 65535, "PORT");
        Option<IPAddress> address = AddressOption();
        Option<AdminChoice> admin = AdminChoice.MakeOption();
        Option<string?> data = new("--data") { Description = "Directory where AQL keeps its rows, made where it is missing. Default: in memory.", HelpName = "DIR" };
        Option<string?> ledger = new("--ledger") { Description = "Appends the id of each executed call that carries net-call-id metadata, and the digest of its request: for tests that nothing is lost or done twice.", HelpName = "FILE" };
        Option<string?> access = new("--access") { Description = "File of rules: who calls, what they may do, how much. Read again when it changes. Default: whoever has a good certificate may do all.", HelpName = "FILE" };
        Option<string?> audit = new("--audit") { Description = "Directory of the audit, with --access.", HelpName = "DIR" };
        Option<string> engine = EngineOption.Make(context.Engines.Names);
        Option<string> certificate = FileOption("--cert", "The server's certificate, PEM, with intermediates after it.", "server.pem");
        Option<string> key = FileOption("--key", "The server's private key, PEM, not encrypted.", "server-key.pem");
        Option<string> authority = FileOption("--ca", "The authority that clients' certificates must come from, PEM.", "ca.pem");
        Option<string[]> lists = new("--crl")
        {
            Description = "Revocation list of the authority, PEM or DER; may be given several times. Clients in it are refused, and cut off when they are connected.",
            DefaultValueFactory = static _ => [],
            HelpName = "FILE",
        };
        Option<string[]> issuers = new("--issuer")
        {
            Description = "Root that the server's own certificate must lead to, PEM; may be given several times. One that does not is refused, at the start and when it is renewed, before clients that trust these roots fail. Default: none, its chain is only checked within itself.",
            DefaultValueFactory = static _ => [],
            HelpName = "FILE",
        };
        Option<ClientCertificateMode> mode = new("--client-certificate")
        {
            Description = "What clients must show: required, optional (none, or a good one) or none.",
            DefaultValueFactory = static _ => ClientCertificateMode.Required,
            HelpName = "none|optional|required",
        };
        Option<bool> early = new("--early-data") { Description = "Accepts 0-RTT: clients that come back may send requests which do no harm when they are repeated before the handshake is over. A first flight that is replayed is not executed." };
        Option<string?> resetKey = new("--reset-key")
        {
            Description = "File with 32 secret bytes, made where it is missing. A server that keeps it tells clients at once, by a stateless reset, that it was started anew and has forgotten their connections.",
            HelpName = "FILE",
        };
        Option<TimeSpan> shutdown = TimeOption("--shutdown-timeout", "How long running calls and streams may take to end after a signal.", 30);
        Option<TimeSpan> idle = TimeOption("--idle-timeout", "Connections without any packet for this long are dropped.", 30);
        Option<int> connections = CountOption("--max-connections", "Connections open at once.", 1000, 1_000_000);
        Option<int> streams = CountOption("--max-streams", "Streams open at once on one connection.", 100, 1 << 20);
        Option<LogLevel> log = new("--log-level")
        {
            Description = "What is logged to standard error: Trace, Debug, Information, Warning, Error, Critical or None.",
            DefaultValueFactory = static _ => LogLevel.Warning,
            HelpName = "LEVEL",
        };
        Option<string?> ready = new("--ready-file") { Description = "Written, as JSON, when clients can connect.", HelpName = "FILE" };
        Option<bool> selfTest = new("--self-test") { Description = "Makes one echo through the library once it listens, with --client-cert." };
        Option<string> clientCertificate = FileOption("--client-cert", "The certificate of the self test's client.", "client.pem");
        Option<string> clientKey = FileOption("--client-key", "The private key of the self test's client.", "client-key.pem");

        Command command = new("serve", "Serves gRPC (echo, crypto, AQL) and pages over HTTP/3 and HTTP/2, and raw streams, until it is told to stop.");
        foreach (Option option in new Option[]
        {
            port, address, admin, data, ledger, access, audit, engine, certificate, key, authority, lists, issuers, mode, early, resetKey, connections, streams, shutdown, idle, log, ready, selfTest, clientCertificate, clientKey,
        })
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetResult(audit) is { Implicit: false } && result.GetResult(access) is not { Implicit: false })
            {
                result.AddError("--audit writes down what the rules of --access decide; name a file of rules, too.");
            }
        });
        command.SetAction((parsed, cancellationToken) => new ServeRunner(context, new ServeOptions
        {
            EndPoint = new IPEndPoint(parsed.GetRequiredValue(address), parsed.GetValue(port)),
            AdminEndPoint = parsed.GetRequiredValue(admin).EndPoint,
            DataDirectory = parsed.GetValue(data),
            LedgerPath = parsed.GetValue(ledger),
            AccessFile = parsed.GetValue(access),
            AuditDirectory = parsed.GetValue(audit),
            Engine = parsed.GetRequiredValue(engine),
            CertificatePath = parsed.GetRequiredValue(certificate),
            KeyPath = parsed.GetRequiredValue(key),
            AuthorityPath = parsed.GetRequiredValue(authority),
            RevocationListPaths = parsed.GetRequiredValue(lists),
            IssuerPaths = parsed.GetRequiredValue(issuers),
            ClientCertificateMode = parsed.GetValue(mode),
            AllowsEarlyData = parsed.GetValue(early),
            ResetKeyPath = parsed.GetValue(resetKey),
            MaxConnections = parsed.GetValue(connections),
            MaxStreams = parsed.GetValue(streams),
            ShutdownTimeout = parsed.GetValue(shutdown),
            IdleTimeout = parsed.GetValue(idle),
            LogLevel = parsed.GetValue(log),
            ReadyFile = parsed.GetValue(ready),
            SelfTest = parsed.GetValue(selfTest),
            ClientCertificatePath = parsed.GetRequiredValue(clientCertificate),
            ClientKeyPath = parsed.GetRequiredValue(clientKey),
        }).RunAsync(cancellationToken));
        return (command, Help);
    }

    private static Option<IPAddress> AddressOption() => new("--address")
    {
        Description = "Address to listen on; :: takes every IPv6 and IPv4 address.",
        DefaultValueFactory = static _ => IPAddress.IPv6Any,
        HelpName = "ADDRESS",
        CustomParser = static result =>
        {
            if (IPAddress.TryParse(result.Tokens[0].Value, out IPAddress? parsed))
            {
                return parsed;
            }

            result.AddError($"'{result.Tokens[0].Value}' is no IP address; write for example ::, 127.0.0.1 or 192.0.2.7.");
            return IPAddress.None;
        },
    };

    private static Option<string> FileOption(string name, string description, string file) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => $"{CertificateFiles.DefaultDirectory}/{file}",
        HelpName = "FILE",
    };

    private static Option<TimeSpan> TimeOption(string name, string description, int seconds) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => TimeSpan.FromSeconds(seconds),
        CustomParser = DurationText.Parse,
        HelpName = "TIME",
    };

    private static Option<int> CountOption(string name, string description, int defaultValue, int max) =>
        CountOptions.Make(name, description, defaultValue, 1, max);
}
