using Microsoft.Extensions.Logging;

namespace Net.Security.Internal;

/// <summary>What certificate sources log. Ids 4000 to 4099 belong to them and are never used again for something else.</summary>
internal static partial class CertificateLog
{
    [LoggerMessage(4000, LogLevel.Information, "Source {Source}: snapshot {Generation} is in use: {Content}.", EventName = nameof(Applied))]
    internal static partial void Applied(ILogger logger, string source, long generation, string content);

    [LoggerMessage(4001, LogLevel.Error, "Source {Source}: new content is refused ({Fault}), snapshot {Generation} stays in use. {Reason}", EventName = nameof(Refused))]
    internal static partial void Refused(ILogger logger, string source, CertificateFault fault, long generation, string reason);

    [LoggerMessage(4002, LogLevel.Information, "Source {Source}: the content that was refused is gone, and what is in use (snapshot {Generation}) is back.", EventName = nameof(Recovered))]
    internal static partial void Recovered(ILogger logger, string source, long generation);

    /// <summary>Says what must be renewed, and what to do about it.</summary>
    internal static void MustBeRenewed(ILogger logger, string source, CertificateExpiry expiry, DateTimeOffset now)
    {
        (string what, string cure) = (expiry.IsPeerAuthority, expiry.Position) switch
        {
            _ when expiry.IsIssuer => ("authority among the issuer files", "have this side's certificate issued below its successor, and name that instead"),
            (true, ChainPosition.Root) => ("trusted root", "add its successor to the trust files, and have renewed what it issued"),
            (true, _) => ("intermediate among the trust files", "put its successor in its place, and have renewed what it issued"),
            (_, ChainPosition.Intermediate) => ("intermediate of this side's certificate", "have the certificate issued by its successor"),
            _ => ("certificate", "renew it"),
        };
        switch (expiry.Kind)
        {
            case CertificateExpiryKind.ListIsOverdue:
                ListIsOverdue(logger, source, expiry.Name, expiry.At);
                break;
            case CertificateExpiryKind.ExpiresSoon:
                ExpiresSoon(logger, source, what, expiry.Name, expiry.At, (expiry.At - now).TotalDays, cure);
                break;
            case CertificateExpiryKind.Expired when expiry.IsPeerAuthority:
                AuthorityIsExpired(logger, source, what, expiry.Name, expiry.At, cure);
                break;
            case CertificateExpiryKind.Expired when expiry.IsIssuer:
                IssuerIsExpired(logger, source, what, expiry.Name, expiry.At, cure);
                break;
            default:
                IsExpired(logger, source, what, expiry.Name, expiry.At, cure);
                break;
        }
    }

    [LoggerMessage(4003, LogLevel.Warning, "Source {Source}: the {What} '{Subject}' ends at {NotAfter:u}, in {DaysLeft:0.0} days; {Cure}.", EventName = nameof(ExpiresSoon))]
    internal static partial void ExpiresSoon(ILogger logger, string source, string what, string subject, DateTimeOffset notAfter, double daysLeft, string cure);

    [LoggerMessage(4004, LogLevel.Error, "Source {Source}: the {What} '{Subject}' ended at {NotAfter:u}, and peers refuse it; {Cure}.", EventName = nameof(IsExpired))]
    internal static partial void IsExpired(ILogger logger, string source, string what, string subject, DateTimeOffset notAfter, string cure);

    [LoggerMessage(4005, LogLevel.Warning, "Source {Source}: the revocation list of '{Issuer}' was to be replaced by {NextUpdate:u}; put the new one in place.", EventName = nameof(ListIsOverdue))]
    internal static partial void ListIsOverdue(ILogger logger, string source, string issuer, DateTimeOffset nextUpdate);

    [LoggerMessage(4006, LogLevel.Warning, "Source {Source}: a connection is closed as its peer is no longer trusted ({Refusal}). {Detail}", EventName = nameof(PeerDistrusted))]
    internal static partial void PeerDistrusted(ILogger logger, string source, CertificateRefusal refusal, string detail);

    [LoggerMessage(4007, LogLevel.Error, "Source {Source}: looking at the files failed; the next look is in {Interval}.", EventName = nameof(LookFailed))]
    internal static partial void LookFailed(ILogger logger, string source, TimeSpan interval, Exception exception);

    [LoggerMessage(4008, LogLevel.Error, "Source {Source}: a handler of {Event} failed.", EventName = nameof(HandlerFailed))]
    internal static partial void HandlerFailed(ILogger logger, string source, string @event, Exception exception);

    [LoggerMessage(4009, LogLevel.Warning, "Source {Source}: the {What} '{Subject}' ended at {NotAfter:u}, and peers below it are refused; {Cure}, or take it out.", EventName = nameof(AuthorityIsExpired))]
    internal static partial void AuthorityIsExpired(ILogger logger, string source, string what, string subject, DateTimeOffset notAfter, string cure);

    [LoggerMessage(4010, LogLevel.Warning, "Source {Source}: the {What} '{Subject}' ended at {NotAfter:u}, and peers that know no other refuse this side's certificate; {Cure}, or take it out.", EventName = nameof(IssuerIsExpired))]
    internal static partial void IssuerIsExpired(ILogger logger, string source, string what, string subject, DateTimeOffset notAfter, string cure);
}
