using System.Globalization;
using System.Text.Json;
using Net.Security;

namespace Net.Hosting.Access;

/// <summary>Runs <c>net audit verify</c>.</summary>
internal sealed class AuditRunner(HostContext context)
{
    /// <summary>Checks the chain of a directory.</summary>
    internal async Task<int> VerifyAsync(string directory, string? keyFile, string? expectedHash, bool json, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(directory))
        {
            throw new HostException(ExitCodes.Failure, $"There is no directory '{directory}'.");
        }

        AuditVerification result = AuditVerifier.Verify(directory, keyFile is null ? default : SecretFile.Read(keyFile), cancellationToken);
        bool isAsExpected = expectedHash is null || string.Equals(expectedHash, result.LastHash, StringComparison.OrdinalIgnoreCase);
        if (json)
        {
            await context.Output.WriteLineAsync(JsonSerializer.Serialize(result, HostJson.Default.AuditVerification)).ConfigureAwait(false);
        }
        else if (result.IsIntact)
        {
            await context.Output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"Intact: {result.Entries} entries in {result.Files} files, {result.FirstSequence} to {result.LastSequence}. Last hash: {result.LastHash}")).ConfigureAwait(false);
            if (result.FirstSequence > 1)
            {
                await context.Output.WriteLineAsync("Older files have been removed; that the first entry is the oldest that was kept cannot be told from here.").ConfigureAwait(false);
            }

            if (result.UnfinishedBytes > 0)
            {
                await context.Output.WriteLineAsync($"{result.UnfinishedBytes} bytes at the end are no whole entry: it is being written, or a crash cut it short.").ConfigureAwait(false);
            }
        }
        else
        {
            await context.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"net: BROKEN at line {result.BrokenLine} of {result.BrokenFile}: {result.Fault}. The {result.Entries} entries before it are intact{(result.Entries > 0 ? $", up to {result.LastSequence}" : "")}.{(keyFile is null ? " A chain with a key needs --key." : "")}")).ConfigureAwait(false);
        }

        if (result.IsIntact && !isAsExpected)
        {
            await context.Error.WriteLineAsync("net: The last entry is another than --expect says: entries are missing at the end, or were added.").ConfigureAwait(false);
        }

        return result.IsIntact && isAsExpected ? ExitCodes.Ok : ExitCodes.Failure;
    }
}
