using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Net.Security;

/// <summary>The one place that every call, stream and request passes, whatever its transport: who calls, how much, and what they may do; and it is written down.</summary>
/// <remarks>
/// In this order: can the audit be written; who calls; is it within its limits; may it. So a caller that is refused for a right has used up a part of its rate,
/// and one that is not known has learnt nothing of limits and rights.
/// </remarks>
public sealed class AccessGate
{
    private readonly ILogger _logger;
    private readonly AuditLog? _audit;
    private volatile State _state;

    /// <summary>Makes a gate.</summary>
    /// <param name="options">The rules.</param>
    /// <param name="timeProvider">Tells what has expired and what is too much.</param>
    /// <param name="audit">Where it is written down; <c>null</c>: nowhere. It stays the caller's to dispose, after the server.</param>
    /// <param name="logger">Is told of refusals.</param>
    /// <exception cref="ArgumentException">The options are faulty; the message lists every fault.</exception>
    public AccessGate(AccessOptions options, TimeProvider timeProvider, AuditLog? audit = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        TimeProvider = timeProvider;
        _audit = audit;
        _logger = logger ?? NullLogger.Instance;
        _state = new State(options, timeProvider, null);
        _audit?.Write(new AuditEvent(AuditCategory.Configuration, "begin", isSuccess: true));
    }

    /// <summary>The rules as they are now.</summary>
    public AccessOptions Options => _state.Options;

    internal TimeProvider TimeProvider { get; }

    internal TimeSpan RecheckInterval => _state.Options.RecheckInterval;

    /// <summary>Puts other rules in place, for new calls at once and for those that go on with their next check. What is remembered of credentials and of failed logins is forgotten.</summary>
    /// <param name="options">The rules.</param>
    /// <exception cref="ArgumentException">The options are faulty; the message lists every fault, and the rules stay as they were.</exception>
    public void Update(AccessOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        try
        {
            _state = new State(options, TimeProvider, _state);
        }
        catch (ArgumentException exception)
        {
            _audit?.Write(new AuditEvent(AuditCategory.Configuration, "update", isSuccess: false) { Detail = exception.Message });
            throw;
        }

        _audit?.Write(new AuditEvent(AuditCategory.Configuration, "update", isSuccess: true));
    }

    /// <summary>Lets a call in, or says why not.</summary>
    /// <param name="credentials">What the caller showed.</param>
    /// <param name="target">What it wants.</param>
    /// <param name="connection">Its connection: an object that lives as long as that; <c>null</c>: connections are not counted.</param>
    /// <param name="call">The call, to dispose when it is over; <c>null</c> when it is refused.</param>
    /// <returns>The answer.</returns>
    public AccessVerdict Enter(in CallerCredentials credentials, in AccessTarget target, object? connection, out AccessCall? call)
    {
        call = null;
        if (_audit?.MustRefuseCalls == true)
        {
            AccessDiagnostics.Refused("audit");
            return new(AccessOutcome.Overloaded, AccessVerdict.AuditText, TimeSpan.FromSeconds(1));
        }

        State state = _state;
        AuthenticationResult who = state.Authenticator.Authenticate(credentials);
        if (who.Principal is not { } principal)
        {
            return RefuseLogin(who, credentials, target);
        }

        if (who.IsFresh)
        {
            AccessDiagnostics.Authenticated("success");
            _audit?.Write(Entry(AuditCategory.Authentication, "login", isSuccess: true, principal, credentials, target));
        }

        string id = principal.Kind == PrincipalKind.Anonymous ? $"{principal.Id}@{credentials.Source}" : principal.Id;
        AdmissionRefusal refusal = state.Admission.TryEnter(id, out PrincipalUse? use, out TimeSpan retryAfter);
        if (refusal != AdmissionRefusal.None)
        {
            return RefuseAdmission(refusal, retryAfter, principal, credentials, target);
        }

        AccessVerdict verdict = Authorize(state, principal, credentials, target);
        bool isFirst = false;
        if (verdict.IsAllowed && connection is not null && (refusal = state.Admission.TryUseConnection(connection, id, out isFirst)) != AdmissionRefusal.None)
        {
            verdict = RefuseAdmission(refusal, TimeSpan.FromSeconds(1), principal, credentials, target);
        }

        if (!verdict.IsAllowed)
        {
            AdmissionControl.Exit(use!);
            return verdict;
        }

        if (_audit?.IncludesAllowedCalls == true)
        {
            _audit.Write(Entry(AuditCategory.Authorization, "call", isSuccess: true, principal, credentials, target));
        }

        call = new AccessCall(this, principal, credentials, target, use!, isFirst);
        return verdict;
    }

    /// <summary>A connection has ended.</summary>
    /// <param name="connection">The object that <see cref="Enter"/> was given.</param>
    public void ConnectionEnded(object connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        _state.Admission.ConnectionEnded(connection);
    }

    internal AccessVerdict Authorize(Principal principal, in CallerCredentials credentials, in AccessTarget target) => Authorize(_state, principal, credentials, target);

    internal AccessVerdict RefuseExpired(Principal principal, in CallerCredentials credentials, in AccessTarget target)
    {
        AccessDiagnostics.Refused("expired");
        _audit?.WriteRefusal(Entry(AuditCategory.Authentication, "recheck", isSuccess: false, principal, credentials, target) with { Reason = nameof(AuthenticationFailure.Expired) });
        return AccessVerdict.Unknown;
    }

    internal AccessVerdict Recheck(Principal principal, in CallerCredentials credentials, in AccessTarget target)
    {
        State state = _state;
        AuthenticationResult who = state.Authenticator.Authenticate(credentials, isRecheck: true);
        if (who.Principal is null || who.Principal.Id != principal.Id)
        {
            AccessDiagnostics.Refused("unauthenticated");
            _audit?.WriteRefusal(Entry(AuditCategory.Authentication, "recheck", isSuccess: false, principal, credentials, target) with { Reason = who.Failure.ToString() });
            return AccessVerdict.Unknown;
        }

        return Authorize(state, who.Principal, credentials, target);
    }

    private AccessVerdict Authorize(State state, Principal principal, in CallerCredentials credentials, in AccessTarget target)
    {
        AccessRights rights = principal.RightsUnder(state.Policy);
        bool isAllowed = target.Area switch
        {
            AccessArea.Grpc => rights.MayCall(target.Name),
            AccessArea.Raw => rights.MayOpen(target.Name),
            AccessArea.Http => rights.MayRequest(target.Method, target.Name),
            AccessArea.Query => rights.MayQuery(target.Operation, target.Name),
            AccessArea.GrpcOrHttp => target.Name is ['/', ..] && rights.MayCall(target.Name.AsSpan(1)) && rights.MayRequest(target.Method, target.Name),
            _ => false,
        };
        if (isAllowed)
        {
            return AccessVerdict.Allowed;
        }

        bool isUnknown = principal.Kind == PrincipalKind.Anonymous;
        AccessDiagnostics.Refused(isUnknown ? "unauthenticated" : "forbidden");
        if (_logger.IsEnabled(LogLevel.Information))
        {
            AccessLog.AccessRefused(_logger, PlainText.Clean(principal.Id), PlainText.Clean(target.ToString()));
        }

        _audit?.WriteRefusal(Entry(AuditCategory.Authorization, "call", isSuccess: false, principal, credentials, target));
        return isUnknown ? AccessVerdict.Unknown : AccessVerdict.Forbidden;
    }

    private AccessVerdict RefuseLogin(in AuthenticationResult who, in CallerCredentials credentials, in AccessTarget target)
    {
        AccessDiagnostics.Authenticated(who.Failure.ToString());
        if (who.Failure == AuthenticationFailure.Throttled)
        {
            // The failures that led here are written down one by one, and that they are throttled, too; what comes after is noise that an attacker makes.
            AccessDiagnostics.Refused("throttled");
            return new(AccessOutcome.Overloaded, who.CallerText, who.RetryAfter);
        }

        AccessDiagnostics.Refused("unauthenticated");
        string source = credentials.Source?.ToString() ?? "an unknown source";
        if (who.Failure != AuthenticationFailure.MissingCredentials)
        {
            AccessLog.LoginRefused(_logger, source, who.Failure, who.Detail);
        }

        _audit?.WriteRefusal(Entry(AuditCategory.Authentication, "login", isSuccess: false, null, credentials, target) with { Reason = who.Failure.ToString(), Detail = who.Detail });
        if (who.HasReachedThrottle)
        {
            AccessLog.LoginsThrottled(_logger, source);
            _audit?.WriteRefusal(Entry(AuditCategory.Authentication, "throttle", isSuccess: false, null, credentials, target));
        }

        return AccessVerdict.Unknown;
    }

    private AccessVerdict RefuseAdmission(AdmissionRefusal refusal, TimeSpan retryAfter, Principal principal, in CallerCredentials credentials, in AccessTarget target)
    {
        AccessDiagnostics.Refused(refusal.ToString());
        _audit?.WriteRefusal(Entry(AuditCategory.Admission, "limit", isSuccess: false, principal, credentials, target) with { Reason = refusal.ToString() });
        return new(AccessOutcome.Overloaded, AccessVerdict.LimitText, retryAfter);
    }

    private static AuditEvent Entry(AuditCategory category, string action, bool isSuccess, Principal? principal, in CallerCredentials credentials, in AccessTarget target) =>
        new(category, action, isSuccess)
        {
            Principal = principal?.Id,
            Source = credentials.Source?.ToString(),
            Resource = target.ToString(),
            TraceId = Activity.Current?.TraceId
                ?? (ActivityContext.TryParse(credentials.TraceParent, null, out ActivityContext context) ? context.TraceId : default),
        };

    /// <summary>What belongs together and is put in place together.</summary>
    private sealed class State
    {
        internal State(AccessOptions options, TimeProvider timeProvider, State? before)
        {
            options.Validate();
            Options = options;
            Authenticator = new Authenticator(options.Authentication, timeProvider);
            Policy = new AccessPolicy(options.Authorization);

            // What runs and what was used up stays counted, unless the limits are others.
            Admission = before is not null && before.Options.Admission == options.Admission ? before.Admission : new AdmissionControl(options.Admission, timeProvider);
        }

        internal AccessOptions Options { get; }

        internal Authenticator Authenticator { get; }

        internal AccessPolicy Policy { get; }

        internal AdmissionControl Admission { get; }
    }
}
