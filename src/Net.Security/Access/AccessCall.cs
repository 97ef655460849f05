namespace Net.Security;

/// <summary>One call, stream or request that was let in. Asks again, while it goes on, whether it still may. Dispose it when it is over.</summary>
public sealed class AccessCall : IDisposable
{
    private readonly AccessGate _gate;
    private readonly CallerCredentials _credentials;
    private readonly AccessTarget _target;
    private readonly PrincipalUse _use;
    private long _checked;
    private int _isOver;

    internal AccessCall(AccessGate gate, Principal principal, in CallerCredentials credentials, in AccessTarget target, PrincipalUse use, bool isFirstOnConnection)
    {
        _gate = gate;
        _credentials = credentials;
        _target = target;
        _use = use;
        _checked = gate.TimeProvider.GetTimestamp();
        Principal = principal;
        IsFirstOnConnection = isFirstOnConnection;
    }

    /// <summary>Who calls.</summary>
    public Principal Principal { get; }

    /// <summary>Whether nobody called on its connection before, so that <see cref="AccessGate.ConnectionEnded"/> must be called when that ends.</summary>
    public bool IsFirstOnConnection { get; }

    /// <summary>The clock by which its credential ends, and on which a wait of <see cref="NextCheck"/> is to run.</summary>
    public TimeProvider TimeProvider => _gate.TimeProvider;

    /// <summary>How long the caller is surely let go on; then <see cref="Check()"/> is to be asked. At most <see cref="AccessOptions.RecheckInterval"/>.</summary>
    public TimeSpan NextCheck
    {
        get
        {
            TimeSpan interval = _gate.RecheckInterval;
            return Principal.ExpiresAt is DateTimeOffset end && end - _gate.TimeProvider.GetUtcNow() is var left && left < interval
                ? left > TimeSpan.Zero ? left : TimeSpan.Zero
                : interval;
        }
    }

    /// <summary>Whether the call may go on: its credential has not expired and, looked at every <see cref="AccessOptions.RecheckInterval"/>, is still taken and still has the right.</summary>
    /// <returns>The answer.</returns>
    public AccessVerdict Check()
    {
        if (Principal.IsExpired(_gate.TimeProvider.GetUtcNow()))
        {
            return _gate.RefuseExpired(Principal, _credentials, _target);
        }

        long now = _gate.TimeProvider.GetTimestamp();
        long before = Volatile.Read(ref _checked);
        return _gate.TimeProvider.GetElapsedTime(before, now) < _gate.RecheckInterval || Interlocked.CompareExchange(ref _checked, now, before) != before
            ? AccessVerdict.Allowed
            : _gate.Recheck(Principal, _credentials, _target);
    }

    /// <summary>Whether the caller may use something more within this call, such as the collection of a query.</summary>
    /// <param name="target">What it wants to use.</param>
    /// <returns>The answer.</returns>
    public AccessVerdict Check(in AccessTarget target)
    {
        AccessVerdict verdict = Check();
        return verdict.IsAllowed ? _gate.Authorize(Principal, _credentials, target) : verdict;
    }

    /// <summary>The call is over. May be called twice.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0)
        {
            AdmissionControl.Exit(_use);
        }
    }
}
