using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Net.Security;

namespace Net.Hosting.Access;

/// <summary>Access control of one run of <c>net serve</c>: the file of rules, watched, and the audit.</summary>
internal sealed class ServeAccess : IAsyncDisposable
{
    private readonly WatchedFile<LoadedAccess> _file;
    private readonly string _auditSection;
    private readonly string _name;
    private readonly Lock _lock = new();
    private LoadedAccess _loaded;
    private readonly AuditLog? _audit;
    private readonly PosixSignalRegistration? _hangup;
    private CertificateSource? _certificates;
    private HashSet<CertificateExpiry> _toldExpiries = [];

    private ServeAccess(string path, string? auditDirectory, TimeProvider timeProvider, ILogger logger)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        _name = Path.GetFileName(path);
        _file = new WatchedFile<LoadedAccess>(path, content => LoadedAccess.Parse(content, directory, timeProvider, logger, Report), timeProvider, logger: logger);
        _loaded = _file.Current;
        _auditSection = SectionOf(_loaded);
        try
        {
            _audit = OpenAudit(_loaded.Document.Audit, directory, auditDirectory, timeProvider, logger);
            Gate = new AccessGate(_loaded.Options, timeProvider, _audit, logger);
        }
        catch
        {
            _file.Dispose();
            _loaded.Dispose();
            throw;
        }

        _file.Changed += (_, _) => Take();
        _file.Refused += (_, fault) => Report(_name, fault.Fault);

        // What changed before anybody listened.
        Take();

        // What came of it, the certificates' events say; here stands that somebody asked.
        _hangup = _audit is null || OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            Note("reload", "SIGHUP: certificates, trust and revocation lists are read again.");
        });
    }

    internal AccessGate Gate { get; }

    /// <summary>Reads the file of rules and opens the audit.</summary>
    /// <param name="path">The file.</param>
    /// <param name="auditDirectory">Where the audit is kept; <c>null</c>: where the file says, or nowhere.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="HostException">The file cannot be used, or the audit not be written.</exception>
    internal static ServeAccess Open(string path, string? auditDirectory, TimeProvider timeProvider, ILogger logger)
    {
        try
        {
            return new ServeAccess(path, auditDirectory, timeProvider, logger);
        }
        catch (Exception exception) when (exception is ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new HostException(ExitCodes.Failure, $"The rules of '{path}' (--access) cannot be used: {exception.Message}\nsrc/Net.Security/README.md says what the file holds.", exception);
        }
    }

    /// <summary>Writes down which certificates are in use now and what of them must be renewed, and each change, refusal and warning from now on. Called at most once.</summary>
    /// <param name="certificates">The certificates, which stay the caller's and outlive this.</param>
    internal void Follow(CertificateSource certificates)
    {
        _certificates = certificates;
        certificates.Changed += HandleChanged;
        certificates.Refused += HandleRefused;
        certificates.Expiring += HandleExpiring;
        HandleChanged(certificates, EventArgs.Empty);

        // What was warned of before anybody listened.
        HandleExpiring(certificates, EventArgs.Empty);
    }

    /// <summary>Writes down what somebody who runs the server does to it. A signal does not say who sent it, so that no principal stands there.</summary>
    internal void Note(string action, string detail) => _audit?.Write(new AuditEvent(AuditCategory.Admin, action, isSuccess: true) { Detail = detail });

    public async ValueTask DisposeAsync()
    {
        _hangup?.Dispose();
        if (_certificates is not null)
        {
            _certificates.Changed -= HandleChanged;
            _certificates.Refused -= HandleRefused;
            _certificates.Expiring -= HandleExpiring;
        }

        _file.Dispose();
        _loaded.Dispose();
        if (_audit is not null)
        {
            await _audit.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static AuditLog? OpenAudit(AuditDocument? asked, string directory, string? auditDirectory, TimeProvider timeProvider, ILogger logger)
    {
        string? where = auditDirectory ?? (asked?.Directory is { } name ? SafePath.Resolve(directory, name) : null);
        if (where is null)
        {
            return asked is null ? null : throw new ArgumentException("Its \"audit\" names no \"directory\"; name one there, or with --audit.");
        }

        asked ??= new AuditDocument();
        var options = new AuditOptions { Directory = where };
        return AuditLog.Open(
            options with
            {
                Key = asked.Key is null ? default : SecretFile.Read(SafePath.Resolve(directory, asked.Key)),
                MaxFileBytes = asked.MaxFileBytes ?? options.MaxFileBytes,
                MaxFileAge = asked.MaxFileAge ?? options.MaxFileAge,
                MaxFiles = asked.MaxFiles ?? options.MaxFiles,
                MaxQueued = asked.MaxQueued ?? options.MaxQueued,
                FlushToDisk = asked.FlushToDisk ?? options.FlushToDisk,
                OnFailure = asked.OnFailure ?? options.OnFailure,
                MaxRefusalsPerSecond = asked.MaxRefusalsPerSecond ?? options.MaxRefusalsPerSecond,
                IncludeAllowedCalls = asked.IncludeAllowedCalls ?? options.IncludeAllowedCalls,
            },
            timeProvider, logger);
    }

    private void HandleChanged(object? sender, EventArgs e)
    {
        TlsSnapshot snapshot = ((CertificateSource)sender!).Current;
        _audit?.Write(new AuditEvent(AuditCategory.Certificate, "use", isSuccess: true)
        {
            Resource = string.Join(' ', snapshot.Identities.Select(static identity => identity.Certificate.SerialNumber)),
            Detail = string.Create(
                CultureInfo.InvariantCulture,
                $"Snapshot {snapshot.Generation}: {string.Join(", ", snapshot.Identities.Select(static identity => identity.Certificate.Subject))}, valid until {snapshot.NotAfter.UtcDateTime:u}; trust of snapshot {snapshot.Trust?.Generation ?? 0}."),
        });
    }

    private void HandleRefused(object? sender, CertificateRefusedEventArgs e) =>
        _audit?.Write(new AuditEvent(AuditCategory.Certificate, "use", isSuccess: false) { Reason = e.Refusal.Fault.ToString(), Detail = e.Refusal.Message });

    private void HandleExpiring(object? sender, EventArgs e)
    {
        CertificateExpiry[] news;
        IReadOnlyList<CertificateExpiry> expiries = ((CertificateSource)sender!).Expiries;
        lock (_lock)
        {
            // Each certificate once for each mark that it passes, however often it is warned of and whatever else changes.
            news = [.. expiries.Distinct().Where(expiry => !_toldExpiries.Contains(expiry))];
            _toldExpiries = [.. expiries];
        }

        foreach (CertificateExpiry expiry in news)
        {
            bool isSoon = expiry.Kind == CertificateExpiryKind.ExpiresSoon;
            string what = (expiry.IsPeerAuthority, expiry.Position) switch
            {
                (_, null) => "The revocation list of ",
                _ when expiry.IsIssuer => "The authority that peers know this side by ",
                (true, ChainPosition.Root) => "The trusted root ",
                (true, _) => "The intermediate of peers ",
                (_, ChainPosition.Intermediate) => "The intermediate ",
                _ => "The certificate ",
            };
            _audit?.Write(new AuditEvent(AuditCategory.Certificate, "expiry", isSuccess: isSoon)
            {
                Resource = expiry.SerialNumber,
                Reason = expiry.Kind.ToString(),
                Detail = string.Create(
                    CultureInfo.InvariantCulture, $"{what}{expiry.Name} {(isSoon ? "ends" : expiry.SerialNumber is null ? "was due" : "ended")} at {expiry.At.UtcDateTime:u}; renew it."),
            });
        }
    }

    private static string SectionOf(LoadedAccess loaded) => loaded.Document.Audit is { } audit ? JsonSerializer.Serialize(audit, AccessJson.Default.AuditDocument) : "";

    /// <summary>Puts new rules in place. They were checked when the file was read.</summary>
    private void Take()
    {
        lock (_lock)
        {
            LoadedAccess before = _loaded;
            if (ReferenceEquals(before, _file.Current))
            {
                return;
            }

            _loaded = _file.Current;
            Gate.Update(_loaded.Options);
            before.Dispose();
        }

        Report(_name, fault: null);
        if (SectionOf(_loaded) != _auditSection)
        {
            Report("audit", "The section \"audit\" has changed; it is read at the start alone, so restart the server for it.");
        }
    }

    private void Report(string file, string? fault) =>
        _audit?.Write(new AuditEvent(AuditCategory.Configuration, "file", isSuccess: fault is null) { Resource = file, Detail = fault });
}
