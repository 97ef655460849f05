using System.CommandLine;
using Net.Hosting.Calling;
using Net.Hosting.Certificates;
using Net.Hosting.Echoing;

namespace Net.Hosting.CommandLine;

/// <summary>Options that every command has which connects to a server.</summary>
internal sealed class ClientOptionSet
{
    private readonly Argument<TransportEndPoint> _endPoint = new("HOST:PORT")
    {
        Description = "The server. Without a port: 443.",
        CustomParser = static result =>
        {
            try
            {
                return TransportEndPoint.Parse(result.Tokens[0].Value);
            }
            catch (FormatException exception)
            {
                result.AddError(exception.Message);
                return null!;
            }
        },
    };

    private readonly Option<string> _engine;

    private readonly Option<string> _certificate = new("--cert")
    {
        Description = "The client's certificate, PEM, with intermediates after it. Not shown when the file is the default and does not exist.",
        DefaultValueFactory = static _ => CertificateFiles.DefaultDirectory + "/client.pem",
        HelpName = "FILE",
    };

    private readonly Option<string> _key = new("--key")
    {
        Description = "The client's private key, PEM, not encrypted.",
        DefaultValueFactory = static _ => CertificateFiles.DefaultDirectory + "/client-key.pem",
        HelpName = "FILE",
    };

    private readonly Option<string> _authority = new("--ca")
    {
        Description = "The authority that signed the server's certificate, PEM.",
        DefaultValueFactory = static _ => CertificateFiles.DefaultDirectory + "/ca.pem",
        HelpName = "FILE",
    };

    private readonly Option<string?> _serverName = new("--server-name")
    {
        Description = "The name that the server's certificate must hold. Default: HOST.",
        HelpName = "NAME",
    };

    private readonly Option<string> _route = new("--route")
    {
        Description = "The route that echoes.",
        DefaultValueFactory = static _ => "echo",
        HelpName = "NAME",
    };

    private readonly Option<TimeSpan> _timeout = new("--timeout")
    {
        Description = "How long connecting, and then each call, may take.",
        DefaultValueFactory = static _ => TimeSpan.FromSeconds(10),
        CustomParser = DurationText.Parse,
        HelpName = "TIME",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Prints one JSON document instead of text." };

    private readonly Option<HttpChoice> _http = new("--http")
    {
        Description = "The version of HTTP under gRPC: 3 over QUIC, 2 over TCP, or auto: 3 where it comes about, else 2.",
        DefaultValueFactory = static _ => HttpChoice.Auto,
        HelpName = "auto|2|3",
        CustomParser = static result =>
        {
            switch (result.Tokens[0].Value)
            {
                case "auto":
                    return HttpChoice.Auto;
                case "2":
                    return HttpChoice.Http2;
                case "3":
                    return HttpChoice.Http3;
                default:
                    result.AddError($"--http is '{result.Tokens[0].Value}'; it must be auto, 2 or 3.");
                    return HttpChoice.Auto;
            }
        },
    };

    private readonly CredentialOptionSet _credential;
    private readonly bool _hasRoute;

    /// <param name="command">The command that gets the options.</param>
    /// <param name="engines">What <c>--engine</c> takes.</param>
    /// <param name="hasRoute">Whether the command opens raw streams.</param>
    /// <param name="hasHttp">Whether the command calls over gRPC.</param>
    /// <param name="hasEndPoint">Whether its argument is the server; else the command says otherwise which.</param>
    internal ClientOptionSet(Command command, IEnumerable<string> engines, bool hasRoute = true, bool hasHttp = false, bool hasEndPoint = true)
    {
        _hasRoute = hasRoute;
        _engine = EngineOption.Make(engines);
        if (hasEndPoint)
        {
            command.Arguments.Add(_endPoint);
        }

        Option[] routes = hasRoute ? [_route] : [];
        Option[] http = hasHttp ? [_http] : [];
        foreach (Option option in (Option[])[_engine, .. http, _certificate, _key, _authority])
        {
            command.Options.Add(option);
        }

        _credential = new CredentialOptionSet(
            command, "A file with the token (JWT) that says who calls; sent as 'authorization: Bearer' with each call and stream. It goes before the certificate.");
        foreach (Option option in (Option[])[_serverName, .. routes, _timeout, _json])
        {
            command.Options.Add(option);
        }
    }

    internal EchoTarget Read(ParseResult parsed) => Read(parsed, parsed.GetRequiredValue(_endPoint));

    internal EchoTarget Read(ParseResult parsed, TransportEndPoint endPoint) => new()
    {
        EndPoint = endPoint,
        Engine = parsed.GetRequiredValue(_engine),
        CertificatePath = parsed.GetRequiredValue(_certificate),
        KeyPath = parsed.GetRequiredValue(_key),
        IsCertificateAsked = parsed.GetResult(_certificate) is { Implicit: false } || parsed.GetResult(_key) is { Implicit: false },
        AuthorityPath = parsed.GetRequiredValue(_authority),
        Credential = _credential.Read(parsed),
        ServerName = parsed.GetValue(_serverName),
        Route = _hasRoute ? parsed.GetRequiredValue(_route) : "",
        Http = parsed.GetResult(_http) is null ? HttpChoice.Auto : parsed.GetValue(_http),
        Timeout = parsed.GetValue(_timeout),
    };

    internal TimeSpan ReadTimeout(ParseResult parsed) => parsed.GetValue(_timeout);

    internal bool ReadJson(ParseResult parsed) => parsed.GetValue(_json);
}
