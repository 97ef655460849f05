using Microsoft.Extensions.Logging;

namespace Net.Security;

/// <summary>What access control logs. Ids 4500 to 4599 of those of Net.Security; never used again for something else.</summary>
internal static partial class AccessLog
{
    [LoggerMessage(4500, LogLevel.Information, "The file '{Path}' has changed and is in use.", EventName = nameof(FileTaken))]
    internal static partial void FileTaken(ILogger logger, string path);

    [LoggerMessage(4501, LogLevel.Error, "The new content of '{Path}' is refused, the old one stays in use: {Fault}", EventName = nameof(FileRefused))]
    internal static partial void FileRefused(ILogger logger, string path, string fault);

    [LoggerMessage(4510, LogLevel.Warning, "The audit: {Finding}", EventName = nameof(AuditFinding))]
    internal static partial void AuditFinding(ILogger logger, string finding);

    [LoggerMessage(4511, LogLevel.Error, "The audit cannot be written. {Consequence} until it can (AuditOptions.OnFailure).", EventName = nameof(AuditFailed))]
    internal static partial void AuditFailed(ILogger logger, string consequence, Exception exception);

    [LoggerMessage(4512, LogLevel.Information, "The audit can be written again.", EventName = nameof(AuditWritableAgain))]
    internal static partial void AuditWritableAgain(ILogger logger);

    [LoggerMessage(4513, LogLevel.Error, "The audit ended without {Entries} entries, as it could not be written.", EventName = nameof(AuditGivenUp))]
    internal static partial void AuditGivenUp(ILogger logger, int entries);

    [LoggerMessage(4520, LogLevel.Warning, "Login from {Source} refused: {Failure}. {Detail}", EventName = nameof(LoginRefused))]
    internal static partial void LoginRefused(ILogger logger, string source, AuthenticationFailure failure, string detail);

    [LoggerMessage(4521, LogLevel.Warning, "Logins from {Source} are no longer looked at, as too many failed.", EventName = nameof(LoginsThrottled))]
    internal static partial void LoginsThrottled(ILogger logger, string source);

    [LoggerMessage(4522, LogLevel.Information, "{Principal} may not {Resource}.", EventName = nameof(AccessRefused))]
    internal static partial void AccessRefused(ILogger logger, string principal, string resource);
}
