using System.Text.Json;
using Microsoft.Extensions.Logging;
using Net.Security;

namespace Net.Hosting.Access;

/// <summary>The rules of one content of the file, with the files of keys that it names, which are watched until it is disposed.</summary>
internal sealed class LoadedAccess : IDisposable
{
    private readonly List<IDisposable> _watched = [];
    private readonly Action<string, string?> _report;
    private readonly string _directory;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;

    private LoadedAccess(AccessDocument document, string directory, TimeProvider timeProvider, ILogger logger, Action<string, string?> report)
    {
        Document = document;
        _directory = directory;
        _timeProvider = timeProvider;
        _logger = logger;
        _report = report;
        try
        {
            Options = Make(document);
            Options.Validate();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal AccessDocument Document { get; }

    internal AccessOptions Options { get; }

    /// <summary>Reads a content of the file.</summary>
    /// <param name="content">The content.</param>
    /// <param name="directory">Where the file is; the files that it names are below.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <param name="report">Is told of files of keys that have changed, and why one was refused.</param>
    /// <exception cref="ArgumentException">The content cannot be used; the message lists every fault.</exception>
    /// <exception cref="IOException">A file that it names cannot be read.</exception>
    internal static LoadedAccess Parse(ReadOnlyMemory<byte> content, string directory, TimeProvider timeProvider, ILogger logger, Action<string, string?> report)
    {
        try
        {
            AccessDocument document = JsonSerializer.Deserialize(content.Span, AccessJson.Default.AccessDocument) ?? throw new ArgumentException("It holds null and no rules.");
            return new LoadedAccess(document, directory, timeProvider, logger, report);
        }
        catch (JsonException exception)
        {
            // Some messages hold the place already, and others do not.
            string place = exception.LineNumber is long line ? $" It is on line {line + 1}, at {exception.Path}." : "";
            throw new ArgumentException($"It cannot be read: {exception.Message}{place}", exception);
        }
    }

    public void Dispose()
    {
        foreach (IDisposable watched in _watched)
        {
            watched.Dispose();
        }
    }

    private AccessOptions Make(AccessDocument document)
    {
        AuthenticationDocument asked = document.Authentication ?? throw new ArgumentException("It has no \"authentication\"; nobody could call.");
        var authentication = new AuthenticationOptions();
        authentication = authentication with
        {
            AllowAnonymous = asked.AllowAnonymous,
            Certificates = [.. (asked.Certificates ?? []).Select(static rule => new CertificateRule(rule.Field, rule.Pattern) { Name = rule.Name ?? "{0}", Roles = rule.Roles ?? [] })],
            Tokens = new TokenOptions { Issuers = [.. (asked.Issuers ?? []).Select(MakeIssuer)], MaxBytes = asked.MaxTokenBytes ?? authentication.Tokens.MaxBytes },
            ApiKeys = asked.ApiKeys is null ? null : MakeKeys(asked.ApiKeys),
            Throttle = MakeThrottle(asked.Throttle ?? new ThrottleDocument()),
            MaxRemembered = asked.MaxRemembered ?? authentication.MaxRemembered,
            RememberFor = asked.RememberFor ?? authentication.RememberFor,
        };
        var options = new AccessOptions { Authentication = authentication };
        return options with
        {
            Authorization = new AuthorizationOptions
            {
                Roles = (document.Roles ?? []).ToDictionary(
                    static role => role.Key, static role => new RoleOptions { Inherits = role.Value.Inherits ?? [], Allow = role.Value.Allow ?? [], Deny = role.Value.Deny ?? [] }, StringComparer.Ordinal),
            },
            Admission = MakeAdmission(document.Admission ?? new AdmissionDocument()),
            RecheckInterval = document.RecheckInterval ?? options.RecheckInterval,
        };
    }

    private TokenIssuer MakeIssuer(IssuerDocument asked)
    {
        var issuer = new TokenIssuer
        {
            Issuer = asked.Issuer,
            Audiences = asked.Audiences,
            Keys = TokenKeySource.FromFile(Watch(asked.Keys, TokenKeySource.Parse)),
            Type = asked.Type,
            AllowedRoles = asked.AllowedRoles ?? [],
            Roles = asked.Roles ?? [],
            RequireCertificateBinding = asked.RequireCertificateBinding,
        };
        return issuer with
        {
            Leeway = asked.Leeway ?? issuer.Leeway,
            MaxLifetime = asked.MaxLifetime ?? issuer.MaxLifetime,
            NameClaim = asked.NameClaim ?? issuer.NameClaim,
            RolesClaim = asked.RolesClaim ?? issuer.RolesClaim,
        };
    }

    private ApiKeySource MakeKeys(ApiKeysDocument asked)
    {
        byte[] pepper = SecretFile.Read(SafePath.Resolve(_directory, asked.Pepper));
        return ApiKeySource.FromFile(Watch(asked.File, content => ApiKeySet.Parse(content.Span, pepper)));
    }

    private static FailureThrottleOptions MakeThrottle(ThrottleDocument asked)
    {
        var defaults = new FailureThrottleOptions();
        return new FailureThrottleOptions
        {
            MaxFailuresPerSource = asked.MaxFailuresPerSource ?? defaults.MaxFailuresPerSource,
            MaxFailuresPerKey = asked.MaxFailuresPerKey ?? defaults.MaxFailuresPerKey,
            Recovery = asked.Recovery ?? defaults.Recovery,
            MaxRemembered = asked.MaxRemembered ?? defaults.MaxRemembered,
        };
    }

    private static AdmissionOptions MakeAdmission(AdmissionDocument asked)
    {
        var defaults = new AdmissionOptions();
        return new AdmissionOptions
        {
            RatePerPrincipal = OrAny(asked.RatePerPrincipal, defaults.RatePerPrincipal),
            BurstPerPrincipal = asked.BurstPerPrincipal ?? defaults.BurstPerPrincipal,
            GlobalRate = OrAny(asked.GlobalRate, defaults.GlobalRate),
            GlobalBurst = asked.GlobalBurst ?? defaults.GlobalBurst,
            MaxConcurrentPerPrincipal = OrAny(asked.MaxConcurrentPerPrincipal, defaults.MaxConcurrentPerPrincipal),
            MaxConnectionsPerPrincipal = OrAny(asked.MaxConnectionsPerPrincipal, defaults.MaxConnectionsPerPrincipal),
            MaxPrincipals = asked.MaxPrincipals ?? defaults.MaxPrincipals,
        };
    }

    private static int? OrAny(int? asked, int? otherwise) => asked is null ? otherwise : asked == 0 ? null : asked;

    private WatchedFile<T> Watch<T>(string name, Func<ReadOnlyMemory<byte>, T> parse)
        where T : class
    {
        string path = SafePath.Resolve(_directory, name);
        WatchedFile<T> file;
        try
        {
            file = new WatchedFile<T>(path, parse, _timeProvider, logger: _logger);
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException($"The file '{name}' cannot be used: {exception.Message}", exception);
        }

        _watched.Add(file);
        file.Changed += (_, _) => _report(name, null);
        file.Refused += (_, fault) => _report(name, fault.Fault);
        return file;
    }
}
