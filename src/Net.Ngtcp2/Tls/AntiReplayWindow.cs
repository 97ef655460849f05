using System.Diagnostics;
using Net.Ngtcp2.Interop;

namespace Net.Ngtcp2.Tls;

/// <summary>The anti-replay guard of the sessions that share a ticket key.</summary>
/// <remarks>
/// A guard of GnuTLS refuses tickets from before its own begin, and begins anew, without a lock, at the first use after its window. Used as it comes, that would refuse
/// the tickets of all clients once in every window, and be a race between threads. So a young guard is added each quarter of a window, the oldest one is used,
/// and it is given up before it would begin anew. Early data is thus accepted under tickets that are up to half a window old or older.
/// All guards share one <see cref="ReplayStore"/>, so a first flight counts once whatever guard it meets.
/// </remarks>
internal sealed unsafe class AntiReplayWindow
{
    /// <summary>The window: 2 hours, so early data is accepted under tickets of the last hour at least.</summary>
    public static readonly TimeSpan DefaultWindow = TimeSpan.FromHours(2);

    /// <summary>First flights remembered for the window: 2^18, at most 16 MB, which is 36 early handshakes per second without end. Beyond it early data is refused.</summary>
    public const int DefaultCapacity = 1 << 18;

    private readonly Lock _lock = new();
    private readonly Queue<(GnuTlsAntiReplayHandle Guard, long Begin)> _guards = new();
    private readonly Func<long> _milliseconds;
    private readonly long _window;
    private long _newest;

    /// <summary>Makes a guard that accepts tickets made from now on.</summary>
    /// <param name="window">How long a first flight counts as fresh, and is remembered.</param>
    /// <param name="capacity">First flights that are remembered at once.</param>
    /// <param name="milliseconds">
    /// A clock that never steps back, or <c>null</c> for the machine's: GnuTLS reads that one too, so an injected clock would not fit its windows.
    /// </param>
    public AntiReplayWindow(TimeSpan window, int capacity, Func<long>? milliseconds = null)
    {
        _window = (long)window.TotalMilliseconds;
        _milliseconds = milliseconds ?? (static () => (long)Stopwatch.GetElapsedTime(0).TotalMilliseconds);
        Store = new ReplayStore(capacity, (int)window.TotalSeconds);
        Add(_milliseconds());
    }

    /// <summary>What was seen.</summary>
    public ReplayStore Store { get; }

    /// <summary>The guard for a handshake that begins now.</summary>
    /// <returns>A shared handle; the session takes its own reference.</returns>
    /// <exception cref="GnuTlsException">There is no memory.</exception>
    public GnuTlsAntiReplayHandle Current()
    {
        long now = _milliseconds();
        lock (_lock)
        {
            // A guard that is given up still serves one handshake, for nobody else can use it then: that keeps old tickets good where clients come seldom.
            // It is not disposed: the session that takes it lets it go.
            GnuTlsAntiReplayHandle? retired = null;
            while (_guards.TryPeek(out (GnuTlsAntiReplayHandle Guard, long Begin) oldest) && now - oldest.Begin >= _window - (_window / 8))
            {
                retired ??= oldest.Guard;
                _guards.Dequeue();
            }

            if (_guards.Count == 0 || now - _newest >= _window / 4)
            {
                Add(now);
            }

            return retired ?? _guards.Peek().Guard;
        }
    }

    private void Add(long now)
    {
        _guards.Enqueue((GnuTlsAntiReplayHandle.Create((uint)_window, ReplayStore.AddFunction, Store.NativeState), now));
        _newest = now;
    }
}
