using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Tls;
using Net.UnitTests.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Tls;

[TestClass]
public sealed class ReplayStoreTests
{
    private const int Window = 100;

    [TestMethod]
    public void TryAdd_NewThenAgain_OnceOnly()
    {
        var store = new ReplayStore(10, Window);
        Assert.IsTrue(store.TryAdd(Key(1), 1000));
        Assert.IsFalse(store.TryAdd(Key(1), 1000));
        Assert.IsTrue(store.TryAdd(Key(2), 1000));
        Assert.AreEqual(1, store.Replays);
        Assert.AreEqual(2, store.Count);
    }

    [TestMethod]
    public void TryAdd_SameBinderInAnotherWindow_StillKnown()
    {
        var store = new ReplayStore(10, Window);
        byte[] first = Key(1);
        byte[] second = Key(1);
        second[3] ^= 0xff;
        Assert.IsTrue(store.TryAdd(first, 1000));
        Assert.IsFalse(store.TryAdd(second, 1000));
    }

    [TestMethod]
    public void TryAdd_Full_RefusesNewOnesAndCounts()
    {
        var store = new ReplayStore(3, Window);
        for (int i = 0; i < 3; i++)
        {
            Assert.IsTrue(store.TryAdd(Key(i), 1000));
        }

        Assert.IsFalse(store.TryAdd(Key(3), 1000));
        Assert.IsFalse(store.TryAdd(Key(4), 1000));
        Assert.AreEqual(2, store.RefusedWhenFull);
        Assert.AreEqual(3, store.Count);
    }

    [TestMethod]
    public void TryAdd_LaterThanWindow_OldOnesMakeRoom()
    {
        var store = new ReplayStore(1, Window);
        Assert.IsTrue(store.TryAdd(Key(1), 1000));

        // GnuTLS still takes the flight for fresh within the last second, as it counts whole ones.
        Assert.IsFalse(store.TryAdd(Key(1), 1000 + Window));
        Assert.IsFalse(store.TryAdd(Key(2), 1000 + Window + 2));
        Assert.IsTrue(store.TryAdd(Key(2), 1000 + Window + 3));
        Assert.AreEqual(1, store.Count);
    }

    [TestMethod]
    public void TryAdd_KeyTooShort_Refused()
    {
        var store = new ReplayStore(1, Window);
        Assert.IsFalse(store.TryAdd(new byte[27], 1000));
        Assert.IsTrue(store.TryAdd(new byte[28], 1000));
    }

    [TestMethod]
    public async Task TryAdd_ManyThreads_EachKeyAcceptedOnce()
    {
        var store = new ReplayStore(1000, Window);
        int accepted = 0;
        await Parallel.ForAsync(0, 4000, (i, _) =>
        {
            if (store.TryAdd(Key(i % 500), 1000))
            {
                Interlocked.Increment(ref accepted);
            }

            return ValueTask.CompletedTask;
        });
        Assert.AreEqual(500, accepted);
        Assert.AreEqual(3500, store.Replays);
    }

    [TestMethod]
    public unsafe void AddFunction_CalledAsGnuTlsDoes_KnowsItsStore()
    {
        var store = new ReplayStore(10, Window);
        Assert.AreEqual(0, Call(store.NativeState, Key(1)));
        Assert.AreEqual(GnuTlsNative.GNUTLS_E_DB_ENTRY_EXISTS, Call(store.NativeState, Key(1)));
        Assert.AreEqual(1, store.Count);
        GC.KeepAlive(store);
    }

    [TestMethod]
    public unsafe void AddFunction_StoreUnknown_Refused() =>
        Assert.AreEqual(GnuTlsNative.GNUTLS_E_DB_ENTRY_EXISTS, Call((void*)nint.MaxValue, Key(1)));

    [TestMethod]
    public void Current_WithTime_GuardsChangeAndNoneBeginsAnew()
    {
        NativeRequirement.Libraries();
        long now = 0;
        var window = new AntiReplayWindow(TimeSpan.FromMilliseconds(800), 10, () => now);
        GnuTlsAntiReplayHandle first = window.Current();
        now = 199;
        Assert.AreSame(first, window.Current());
        now = 699;
        Assert.AreSame(first, window.Current(), "the oldest guard is used as long as it may be");

        // From seven eighths of its window on the guard serves one more handshake and no other.
        now = 700;
        Assert.AreSame(first, window.Current());
        GnuTlsAntiReplayHandle second = window.Current();
        Assert.AreNotSame(first, second);
        Assert.AreSame(second, window.Current());
    }

    [TestMethod]
    public void Current_SteadyUse_TicketsOfHalfAWindowAreAlwaysGood()
    {
        NativeRequirement.Libraries();
        long now = 0;
        var window = new AntiReplayWindow(TimeSpan.FromMilliseconds(800), 10, () => now);
        var order = new List<GnuTlsAntiReplayHandle> { window.Current() };
        for (now = 10; now < 10_000; now += 10)
        {
            GnuTlsAntiReplayHandle guard = window.Current();
            if (!order.Contains(guard))
            {
                order.Add(guard);
            }

            // One is begun in each quarter, and they come into use in that order.
            long age = now - (200 * order.IndexOf(guard));
            Assert.IsLessThan(800, age, $"at {now} the guard would begin anew");
            Assert.IsGreaterThanOrEqualTo(Math.Min(now, 400), age, $"at {now} tickets of half a window are refused");
        }

        Assert.IsGreaterThan(40, order.Count);
    }

    private static byte[] Key(int number)
    {
        // The begin of the window, and a binder of SHA-256.
        byte[] key = new byte[12 + 32];
        BitConverter.TryWriteBytes(key.AsSpan(12), number);
        return key;
    }

    private static unsafe int Call(void* state, byte[] key)
    {
        fixed (byte* pointer = key)
        {
            var keyDatum = new gnutls_datum_t { data = pointer, size = (uint)key.Length };
            var dataDatum = default(gnutls_datum_t);
            return ReplayStore.AddFunction(state, 1000, &keyDatum, &dataDatum);
        }
    }
}
