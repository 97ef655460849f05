using Net.Ngtcp2.Udp;

namespace Net.IntegrationTests.Udp;

[TestClass]
public sealed class PollerTests : UdpTest
{
    private const long Limit = 20_000_000_000;

    [TestMethod]
    public void Wait_NothingHappens_EndsAfterItsTime()
    {
        Poller poller = Create(1, out _);
        int slot = poller.Add(Open("127.0.0.1"));

        Assert.AreEqual(0, poller.Wait(0));
        Assert.AreEqual(0, poller.Wait(1_000_000));
        Assert.AreEqual(PollEvents.None, poller.EventsOf(slot));
        Assert.IsFalse(poller.WokenBySignal);
    }

    [TestMethod]
    public void Wait_SignalFromAnotherThread_WakesOnceForManySignals()
    {
        Poller poller = Create(1, out EventFd wake);
        Thread thread = new(() =>
        {
            wake.Signal();
            wake.Signal();
        });
        thread.Start();

        Assert.AreEqual(0, poller.Wait(-1));
        Assert.IsTrue(poller.WokenBySignal);
        Assert.IsTrue(thread.Join(TimeSpan.FromSeconds(20)));
        wake.Drain();
        Assert.AreEqual(0, poller.Wait(0));
        Assert.IsFalse(poller.WokenBySignal);
    }

    [TestMethod]
    public void Wait_SeveralSockets_TellsWhichIsReady()
    {
        Poller poller = Create(3, out _);
        UdpSocket[] sockets = [Open("127.0.0.1"), Open("127.0.0.1"), Open("127.0.0.1")];
        int[] slots = [.. sockets.Select(poller.Add)];

        Send(sockets[0], sockets[2].LocalAddress, [1]);

        Assert.AreEqual(1, poller.Wait(Limit));
        CollectionAssert.AreEqual(
            new[] { PollEvents.None, PollEvents.None, PollEvents.Readable }, slots.Select(poller.EventsOf).ToArray());
    }

    [TestMethod]
    public void Wait_ShorterTimeAfterALongerOne_EndsAfterTheShorterOne()
    {
        Poller poller = Create(1, out EventFd wake);
        wake.Signal();
        Assert.AreEqual(0, poller.Wait(Limit));
        Assert.IsTrue(poller.WokenBySignal);

        // The timer is set for the long time now.
        Assert.AreEqual(0, poller.Wait(1_000_000));
        Assert.IsFalse(poller.WokenBySignal);
    }

    [TestMethod]
    public void Wait_MoreSocketsThanOneCallReports_TellsOfAllInTheEnd()
    {
        const int Count = 100;
        Poller poller = Create(Count, out _);
        UdpSocket[] sockets = [.. Enumerable.Range(0, Count).Select(_ => Open("127.0.0.1"))];
        int[] slots = [.. sockets.Select(poller.Add)];
        foreach (UdpSocket socket in sockets)
        {
            Send(sockets[0], socket.LocalAddress, [1]);
        }

        var seen = new HashSet<int>();
        for (int i = 0; i < Count && seen.Count < Count; i++)
        {
            Assert.AreNotEqual(0, poller.Wait(Limit));
            foreach (int slot in slots.Where(s => poller.EventsOf(s) != PollEvents.None))
            {
                seen.Add(slot);
                Receive(sockets[Array.IndexOf(slots, slot)], 1);
            }
        }

        Assert.HasCount(Count, seen);
    }

    [TestMethod]
    public void SetWriteInterest_OnAndOff_IsHonoured()
    {
        Poller poller = Create(1, out _);
        int slot = poller.Add(Open("127.0.0.1"));

        poller.SetWriteInterest(slot, true);
        Assert.AreEqual(1, poller.Wait(Limit));
        Assert.AreEqual(PollEvents.Writable, poller.EventsOf(slot));
        poller.SetWriteInterest(slot, false);
        Assert.AreEqual(0, poller.Wait(0));
    }

    [TestMethod]
    public void Remove_Socket_IsForgottenAndItsSlotUsedAgain()
    {
        Poller poller = Create(2, out _);
        UdpSocket first = Open("127.0.0.1");
        UdpSocket second = Open("127.0.0.1");
        int firstSlot = poller.Add(first);
        int secondSlot = poller.Add(second);
        Assert.ThrowsExactly<InvalidOperationException>(() => poller.Add(Open("127.0.0.1")));

        poller.Remove(firstSlot);
        Send(second, first.LocalAddress, [1]);
        Send(first, second.LocalAddress, [1]);

        Assert.AreEqual(1, poller.Wait(Limit));
        Assert.AreEqual(PollEvents.None, poller.EventsOf(firstSlot));
        Assert.AreEqual(PollEvents.Readable, poller.EventsOf(secondSlot));
        Assert.AreEqual(firstSlot, poller.Add(first));
        Assert.AreEqual(2, poller.Wait(Limit));
    }

    [TestMethod]
    public void Add_DisposedSocket_Throws()
    {
        Poller poller = Create(1, out _);
        UdpSocket socket = Open("127.0.0.1");
        socket.Dispose();

        Assert.ThrowsExactly<ObjectDisposedException>(() => poller.Add(socket));
    }

    [TestMethod]
    public void Signal_Disposed_Throws()
    {
        EventFd wake = new();
        Assert.IsFalse(wake.Drain());
        wake.Signal();
        Assert.IsTrue(wake.Drain());
        wake.Dispose();

        Assert.ThrowsExactly<ObjectDisposedException>(wake.Signal);
    }

    [TestMethod]
    [DataRow("127.0.0.1")]
    [DataRow("::1")]
    public void TryFindLocalAddress_Loopback_IsTheSameAddress(string address)
    {
        Assert.IsTrue(RouteLookup.TryFindLocalAddress(Address(address, 4433), out SocketAddressBuffer local, out int errno));
        Assert.AreEqual(Address(address, 0), local);
        Assert.AreEqual(0, errno);
    }

    private Poller Create(int capacity, out EventFd wake)
    {
        wake = Own(new EventFd());
        return Own(new Poller(wake, capacity));
    }
}
