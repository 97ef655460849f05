using Net.Security;

namespace Net.Server;

/// <summary>Access of one raw stream: asked at its beginning, and again while it goes on.</summary>
internal sealed class RawStreamAccess(AccessGate gate) : IDisposable
{
    private const string Authorization = "authorization";

    private readonly Lock _lock = new();
    private RawStreamContext? _context;
    private ITimer? _timer;
    private bool _isOver;

    /// <summary>The call that was let in.</summary>
    internal AccessCall? Call { get; private set; }

    /// <summary>Lets the stream in, or says how it is refused.</summary>
    internal async ValueTask<RawStreamOutcome> EnterAsync(TransportConnection connection, RawStreamHeader header)
    {
        // Before the end of the handshake nobody knows the client's certificate, and a connection that is refused runs no handler. It ends in either way.
        if (!connection.HandshakeCompletion.IsCompletedSuccessfully)
        {
            await connection.HandshakeCompletion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!connection.HandshakeCompletion.IsCompletedSuccessfully)
            {
                return RawStreamOutcome.Unauthenticated;
            }
        }

        return Enter(connection, header);
    }

    private RawStreamOutcome Enter(TransportConnection connection, RawStreamHeader header)
    {
        AccessVerdict verdict = gate.Enter(CredentialsOf(connection, header), AccessTarget.ForRaw(header.Route), connection, out AccessCall? call);
        Call = call;
        if (call?.IsFirstOnConnection == true)
        {
            WatchConnection(gate, connection);
        }

        return OutcomeOf(verdict);
    }

    /// <summary>Cuts the stream when it may no longer go on.</summary>
    internal void Watch(RawStreamContext context)
    {
        lock (_lock)
        {
            _context = context;
            _timer = Call!.TimeProvider.CreateTimer(static state => ((RawStreamAccess)state!).Check(), this, Call.NextCheck, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Looks no more. After that the stream is ended by nobody but its handler.</summary>
    internal ValueTask StopAsync()
    {
        lock (_lock)
        {
            _isOver = true;
        }

        return _timer?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    public void Dispose() => Call?.Dispose();

    internal static void WatchConnection(AccessGate gate, TransportConnection connection) => connection.Closed.ContinueWith(
        static (_, state) =>
        {
            (AccessGate gate, TransportConnection connection) = ((AccessGate, TransportConnection))state!;
            gate.ConnectionEnded(connection);
        },
        (gate, connection), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private void Check()
    {
        RawStreamOutcome outcome = OutcomeOf(Call!.Check());
        if (outcome != RawStreamOutcome.Completed)
        {
            _context!.End(outcome, outcome.GetErrorCode());
            return;
        }

        lock (_lock)
        {
            if (!_isOver)
            {
                _timer!.Change(Call.NextCheck, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private static CallerCredentials CredentialsOf(TransportConnection connection, RawStreamHeader header)
    {
        string? authorization = null;
        bool hasSeveral = false;
        foreach (RawStreamMetadataEntry entry in header.Metadata)
        {
            if (entry.Name == Authorization)
            {
                hasSeveral |= authorization is not null;
                authorization ??= entry.GetText();
            }
        }

        return new CallerCredentials
        {
            Certificate = connection.PeerCertificate,
            Authorization = authorization,
            HasSeveralAuthorizations = hasSeveral,
            Source = connection.RemoteEndPoint.Address,
            TraceParent = header.HasTraceContext ? $"00-{header.TraceContext.TraceId}-{header.TraceContext.SpanId}-00" : null,
        };
    }

    private static RawStreamOutcome OutcomeOf(in AccessVerdict verdict) => verdict.Outcome switch
    {
        AccessOutcome.Allowed => RawStreamOutcome.Completed,
        AccessOutcome.Unauthenticated => RawStreamOutcome.Unauthenticated,
        AccessOutcome.Forbidden => RawStreamOutcome.PermissionDenied,
        _ => RawStreamOutcome.Overloaded,
    };
}
