namespace Net.Client.Internal;

/// <summary>One check of an end point: a session first, then the probe on it.</summary>
internal sealed class ProbeAttempt(HealthProbe probe, HealthTarget target)
{
    private volatile ChannelSession? _session;

    /// <summary>The session, once there is one.</summary>
    internal ChannelSession? Session => _session;

    /// <summary>Why the check cannot be made on the session at all; <c>null</c>: it can.</summary>
    internal string? Unsupported { get; private set; }

    /// <summary>Checks. Fails only with the cancellation of its token.</summary>
    /// <returns>What was found; <c>null</c>: there was no session to check on, which says nothing.</returns>
    internal async Task<ProbeResult?> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            ChannelSession? session = await target.GetSessionAsync(probe.Protocol, cancellationToken).ConfigureAwait(false);
            if (session is null)
            {
                return null;
            }

            _session = session;
            return await probe.ProbeAsync(session, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (NotSupportedException exception) when (_session is not null)
        {
            Unsupported = exception.Message;
            return ProbeResult.Inconclusive(exception.Message);
        }
        catch (Exception exception)
        {
            return ProbeResult.Fail(exception.Message);
        }
    }
}
