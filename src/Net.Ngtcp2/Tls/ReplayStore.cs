using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Net.Ngtcp2.Interop;

namespace Net.Ngtcp2.Tls;

/// <summary>Remembers the first flights whose early data was accepted, so that each is accepted once (RFC 8446, section 8.2). Thread-safe and bounded.</summary>
/// <remarks>
/// What is remembered is the PSK binder, which covers the whole ClientHello. When the store is full, or anything fails, the answer is "seen before":
/// the handshake then goes on without early data. Time is that of GnuTLS, which comes with each question, as it decides how long a first flight counts as fresh.
/// </remarks>
internal sealed unsafe class ReplayStore
{
    /// <summary>GnuTLS puts the begin of its window in front of the binder: 64 bits of seconds, 32 of nanoseconds.</summary>
    private const int WindowStartLength = 12;

    /// <summary>GnuTLS counts time in whole seconds here, so an entry is kept a little longer than it says.</summary>
    private const int ExtraSeconds = 2;

    // Native code holds a number and not a pointer: a call that comes when the store is gone then finds nothing, and refuses.
    private static readonly ConcurrentDictionary<nint, WeakReference<ReplayStore>> Stores = new();
    private static long s_lastNumber;

    private readonly Lock _lock = new();
    private readonly HashSet<UInt128> _seen = [];
    private readonly Queue<(UInt128 Key, long Expiry)> _order = new();
    private readonly int _capacity;
    private readonly int _windowSeconds;
    private readonly nint _number;

    /// <summary>Makes an empty store.</summary>
    /// <param name="capacity">First flights that are remembered at once, about 60 bytes each.</param>
    /// <param name="windowSeconds">For how long GnuTLS takes a first flight for fresh.</param>
    public ReplayStore(int capacity, int windowSeconds)
    {
        _capacity = capacity;
        _windowSeconds = windowSeconds;
        _number = (nint)Interlocked.Increment(ref s_lastNumber);
        Stores[_number] = new WeakReference<ReplayStore>(this);
    }

    /// <summary>Only the table of stores is cleaned; nothing native hangs on it.</summary>
    ~ReplayStore() => Stores.TryRemove(_number, out _);

    /// <summary>First flights remembered now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _seen.Count;
            }
        }
    }

    /// <summary>First flights that came again.</summary>
    public long Replays { get; private set; }

    /// <summary>First flights whose early data was refused because the store was full.</summary>
    public long RefusedWhenFull { get; private set; }

    /// <summary>What GnuTLS gives back to <see cref="AddCallback"/>.</summary>
    public void* NativeState => (void*)_number;

    /// <summary>The function that GnuTLS calls for each first flight with early data.</summary>
    public static delegate* unmanaged[Cdecl]<void*, long, gnutls_datum_t*, gnutls_datum_t*, int> AddFunction => &AddCallback;

    /// <summary>Remembers a first flight.</summary>
    /// <param name="key">The key as GnuTLS makes it.</param>
    /// <param name="expiry">Unix time in seconds from which on GnuTLS no longer takes the flight for fresh.</param>
    /// <returns>Whether it is new; <c>false</c> also when the store is full.</returns>
    public bool TryAdd(ReadOnlySpan<byte> key, long expiry)
    {
        // Without the begin of the window: the same flight must be known again when a new window has begun. Sixteen bytes of an HMAC cannot be made to collide.
        if (key.Length < WindowStartLength + 16)
        {
            return false;
        }

        UInt128 binder = BinaryPrimitives.ReadUInt128LittleEndian(key[WindowStartLength..]);
        long now = expiry - _windowSeconds;
        lock (_lock)
        {
            while (_order.TryPeek(out (UInt128 Key, long Expiry) oldest) && oldest.Expiry + ExtraSeconds < now)
            {
                _order.Dequeue();
                _seen.Remove(oldest.Key);
            }

            if (_seen.Contains(binder))
            {
                Replays++;
                return false;
            }

            if (_seen.Count >= _capacity)
            {
                RefusedWhenFull++;
                return false;
            }

            _seen.Add(binder);
            _order.Enqueue((binder, expiry));
            return true;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int AddCallback(void* state, long expiry, gnutls_datum_t* key, gnutls_datum_t* data)
    {
        try
        {
            return Stores.TryGetValue((nint)state, out WeakReference<ReplayStore>? reference)
                && reference.TryGetTarget(out ReplayStore? store)
                && store.TryAdd(new ReadOnlySpan<byte>(key->data, (int)key->size), expiry)
                    ? GnuTlsNative.GNUTLS_E_SUCCESS
                    : GnuTlsNative.GNUTLS_E_DB_ENTRY_EXISTS;
        }
        catch
        {
            return GnuTlsNative.GNUTLS_E_DB_ERROR;
        }
    }
}
