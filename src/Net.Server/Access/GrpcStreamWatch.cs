using Net.Grpc;
using Net.Security;

namespace Net.Server;

/// <summary>Ends a gRPC stream whose caller may no longer go on, whether or not a message comes. Dispose it before the call ends.</summary>
internal sealed class GrpcStreamWatch : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly GrpcServerContext _context;
    private readonly AccessCall _access;
    private readonly ITimer _timer;
    private bool _isOver;

    internal GrpcStreamWatch(GrpcServerContext context, AccessCall access)
    {
        _context = context;
        _access = access;
        _timer = access.TimeProvider.CreateTimer(static state => ((GrpcStreamWatch)state!).Check(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(access.NextCheck, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Looks no more; a look that is under way is waited for.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isOver = true;
        }

        return _timer.DisposeAsync();
    }

    private void Check()
    {
        AccessVerdict verdict = _access.Check();
        if (!verdict.IsAllowed)
        {
            _context.Cut(AccessMiddleware.ToException(verdict));
            return;
        }

        lock (_lock)
        {
            if (!_isOver)
            {
                _timer.Change(_access.NextCheck, Timeout.InfiniteTimeSpan);
            }
        }
    }
}
