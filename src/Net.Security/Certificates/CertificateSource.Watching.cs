using Net.Security.Internal;

namespace Net.Security;

/// <content>Looking at the files again and again, and what follows from what is found.</content>
public sealed partial class CertificateSource
{
    private static readonly TimeSpan WarningInterval = TimeSpan.FromDays(1);

    // All under _looking.
    private byte[]? _seen;
    private long _seenSince;
    private byte[]? _refused;
    private CertificateSourceException? _refusal;
    private long _judgedAt;
    private DateTimeOffset _nextWarning;

    /// <summary>Raised after each look, for tests.</summary>
    internal event Action? Looked;

    private async Task WatchAsync()
    {
        // The constructor must not wait for the first look.
        await Task.Yield();
        try
        {
            while (await _timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                try
                {
                    await LookAsync(isAsked: false, _stop.Token).ConfigureAwait(false);
                }
#pragma warning disable CA1031 // The loop must outlive whatever a file system or an application's callback comes up with; the log says it.
                catch (Exception exception) when (exception is not OperationCanceledException || !_stop.IsCancellationRequested)
#pragma warning restore CA1031
                {
                    CertificateLog.LookFailed(_logger, Options.Name, Options.PollInterval, exception);
                }

                Looked?.Invoke();
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private async Task<CertificateReload> LookAsync(bool isAsked, CancellationToken cancellationToken)
    {
        await _looking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            CertificateReload result;
            using (SourceContent content = await _reader.ReadAsync(isAsked, cancellationToken).ConfigureAwait(false))
            {
                result = Take(content, isAsked);
            }

            WarnOfExpiry();

            return result;
        }
        finally
        {
            _looking.Release();
        }
    }

    private CertificateReload Take(SourceContent content, bool isAsked)
    {
        SourceState state = _state;
        if (content.Digest.AsSpan().SequenceEqual(state.Digest))
        {
            Forget();
            return new CertificateReload(ReloadOutcome.Unchanged, state.Snapshot, null);
        }

        if (!isAsked && !MustJudge(content.Digest))
        {
            return new CertificateReload(ReloadOutcome.Unchanged, state.Snapshot, _refusal);
        }

        _judgedAt = Options.TimeProvider.GetTimestamp();
        try
        {
            SourceState next = SourceState.Build(content, Options, _tickets, state);
            Apply(next);
            return new CertificateReload(ReloadOutcome.Applied, next.Snapshot, null);
        }
        catch (CertificateSourceException exception)
        {
            bool isDue = isAsked || Options.TimeProvider.GetElapsedTime(_seenSince) >= Options.RefusalDelay;
            if (isDue)
            {
                Refuse(content.Digest, exception);
            }

            return new CertificateReload(isDue ? ReloadOutcome.Refused : ReloadOutcome.Unchanged, state.Snapshot, exception);
        }
    }

    /// <summary>Whether content that differs from what is in use is to be judged now: not when it is seen for the first time, and once refused only now and then, as time may have mended it.</summary>
    private bool MustJudge(byte[] digest)
    {
        if (_seen is null || !digest.AsSpan().SequenceEqual(_seen))
        {
            _seen = digest;
            _seenSince = Options.TimeProvider.GetTimestamp();
            return false;
        }

        return _refused is null || !digest.AsSpan().SequenceEqual(_refused) || Options.TimeProvider.GetElapsedTime(_judgedAt) >= Options.SlowInterval;
    }

    private void Apply(SourceState next)
    {
        bool isTrustNew = !ReferenceEquals(next.Snapshot.Trust, _state.Snapshot.Trust);
        Volatile.Write(ref _state, next);
        _seen = null;
        _refused = null;
        _refusal = null;
        _nextWarning = default;
        CertificateLog.Applied(_logger, Options.Name, next.Snapshot.Generation, next.Describe());
        CertificateDiagnostics.Applied(Options.Name);
        Raise(nameof(Changed), () => Changed?.Invoke(this, EventArgs.Empty));

        // After the event, so that a pool opens successors before connections go.
        if (isTrustNew)
        {
            _guard.JudgeAll();
        }
    }

    private void Refuse(byte[] digest, CertificateSourceException refusal)
    {
        // The same content for the same reason is said once.
        if (_refused is not null && digest.AsSpan().SequenceEqual(_refused) && _refusal!.Fault == refusal.Fault)
        {
            return;
        }

        _refused = digest;
        _refusal = refusal;
        CertificateLog.Refused(_logger, Options.Name, refusal.Fault, _state.Snapshot.Generation, refusal.Message);
        CertificateDiagnostics.Refused(Options.Name, refusal.Fault);
        Raise(nameof(Refused), () => Refused?.Invoke(this, new CertificateRefusedEventArgs(refusal)));
    }

    private void Forget()
    {
        if (_refused is not null)
        {
            CertificateLog.Recovered(_logger, Options.Name, _state.Snapshot.Generation);
        }

        _seen = null;
        _refused = null;
        _refusal = null;
    }

    private void WarnOfExpiry()
    {
        DateTimeOffset now = Options.TimeProvider.GetUtcNow();
        if (now < _nextWarning)
        {
            return;
        }

        List<CertificateExpiry> expiries = ExpiryMarks.Find(Current, Options.ExpiryWarning, now, out DateTimeOffset next);
        foreach (CertificateExpiry expiry in expiries)
        {
            CertificateLog.MustBeRenewed(_logger, Options.Name, expiry, now);
        }

        _nextWarning = expiries.Count > 0 && now + WarningInterval < next ? now + WarningInterval : next;
        Volatile.Write(ref _expiries, [.. expiries]);
        if (expiries.Count > 0)
        {
            Raise(nameof(Expiring), () => Expiring?.Invoke(this, EventArgs.Empty));
        }
    }

    private void Raise(string name, Action raise)
    {
        try
        {
            raise();
        }
#pragma warning disable CA1031 // A handler's failure must not keep the source from working.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            CertificateLog.HandlerFailed(_logger, Options.Name, name, exception);
        }
    }
}
