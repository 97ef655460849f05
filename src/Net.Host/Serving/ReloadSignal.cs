using System.Globalization;
using System.Runtime.InteropServices;
using Net.Security;

namespace Net.Hosting.Serving;

/// <summary>SIGHUP: the certificates are read again at once.</summary>
internal sealed class ReloadSignal : IDisposable
{
    private readonly CertificateSource _certificates;
    private readonly HostContext _context;
    private readonly PosixSignalRegistration? _registration;

    internal ReloadSignal(CertificateSource certificates, HostContext context)
    {
        _certificates = certificates;
        _context = context;

        // Windows raises it when the console is closed, which ends the program.
        _registration = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, Handle);
    }

    public void Dispose() => _registration?.Dispose();

    private void Handle(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _ = ReloadAsync();
    }

    private async Task ReloadAsync()
    {
        try
        {
            CertificateReload reload = await _certificates.ReloadAsync().ConfigureAwait(false);
            TlsSnapshot snapshot = reload.Snapshot;
            string text = reload.Outcome switch
            {
                ReloadOutcome.Applied => string.Create(
                    CultureInfo.InvariantCulture,
                    $"Reloaded: generation {snapshot.Generation}, serial {snapshot.Identities[0].Certificate.SerialNumber}, valid until {snapshot.NotAfter:yyyy-MM-dd}."),
                ReloadOutcome.Refused => $"Not reloaded, what was in use stays: {reload.Refusal!.Message}",
                _ => "Nothing to reload: the files hold what is in use.",
            };
            await _context.Output.WriteLineAsync(text).ConfigureAwait(false);
            await _context.Output.FlushAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ObjectDisposedException or OperationCanceledException or IOException)
        {
            // The server is about to end, or nobody reads its output any more; what came of the reload is in the log, too.
        }
    }
}
