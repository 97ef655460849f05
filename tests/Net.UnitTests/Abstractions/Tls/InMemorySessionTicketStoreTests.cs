namespace Net.UnitTests.Abstractions.Tls;

[TestClass]
public sealed class InMemorySessionTicketStoreTests
{
    private static readonly SessionTicketKey Key = new("a.example", 443, "net/1", 1, 1, "memory");

    private readonly Clock _clock = new();

    [TestMethod]
    public void TakeTicket_Empty_Null() => Assert.IsNull(new InMemorySessionTicketStore(_clock).TakeTicket(Key));

    [TestMethod]
    public void TakeTicket_Several_NewestFirstAndOnce()
    {
        var store = new InMemorySessionTicketStore(_clock);
        SessionTicket first = Add(store, Key);
        SessionTicket second = Add(store, Key);
        Assert.AreSame(second, store.TakeTicket(Key));
        Assert.AreSame(first, store.TakeTicket(Key));
        Assert.IsNull(store.TakeTicket(Key));
        Assert.AreEqual(0, store.Count);
    }

    [TestMethod]
    [DataRow("b.example", 443, "net/1", 1, 1, "memory")]
    [DataRow("a.example", 444, "net/1", 1, 1, "memory")]
    [DataRow("a.example", 443, "h3", 1, 1, "memory")]
    [DataRow("a.example", 443, "net/1", 2, 1, "memory")]
    [DataRow("a.example", 443, "net/1", 1, 2, "memory")]
    [DataRow("a.example", 443, "net/1", 1, 1, "ngtcp2")]
    public void TakeTicket_KeyDiffersInOnePart_Null(string name, int port, string protocol, long identity, long trust, string engine)
    {
        var store = new InMemorySessionTicketStore(_clock);
        Add(store, Key);
        Assert.IsNull(store.TakeTicket(new SessionTicketKey(name, port, protocol, identity, trust, engine)));
        Assert.IsNotNull(store.TakeTicket(Key));
    }

    [TestMethod]
    public void AddTicket_MoreThanAllowedForKey_OldestGoes()
    {
        var store = new InMemorySessionTicketStore(_clock);
        SessionTicket[] tickets = [.. Enumerable.Range(0, 5).Select(_ => Add(store, Key))];
        for (int i = 4; i >= 1; i--)
        {
            Assert.AreSame(tickets[i], store.TakeTicket(Key));
        }

        Assert.IsNull(store.TakeTicket(Key));
    }

    [TestMethod]
    public void AddTicket_MoreKeysThanAllowed_LeastRecentlyUsedKeyGoes()
    {
        var store = new InMemorySessionTicketStore(_clock, maxKeys: 2);
        SessionTicketKey second = Key with { Port = 2 };
        SessionTicketKey third = Key with { Port = 3 };
        Add(store, Key);
        Add(store, Key);
        Add(store, second);
        Assert.IsNotNull(store.TakeTicket(Key));
        Add(store, third);
        Assert.AreEqual(2, store.Count);
        Assert.IsNull(store.TakeTicket(second));
        Assert.IsNotNull(store.TakeTicket(Key));
        Assert.IsNotNull(store.TakeTicket(third));
    }

    [TestMethod]
    public void AddTicket_ManyKeys_CountStaysAtLimit()
    {
        var store = new InMemorySessionTicketStore(_clock);
        for (int port = 0; port < 3000; port++)
        {
            Add(store, Key with { Port = port });
            store.AddToken(Key with { Port = port }, new byte[] { 1 });
        }

        Assert.AreEqual(1000, store.Count);
    }

    [TestMethod]
    public void TakeTicket_OlderThanLifetime_Null()
    {
        var store = new InMemorySessionTicketStore(_clock, lifetime: TimeSpan.FromHours(1));
        Add(store, Key);
        _clock.Now += TimeSpan.FromHours(1);
        Assert.IsNull(store.TakeTicket(Key));
        Assert.AreEqual(0, store.Count);
    }

    [TestMethod]
    public void TakeTicket_JustWithinLifetime_Given()
    {
        var store = new InMemorySessionTicketStore(_clock);
        Add(store, Key);
        _clock.Now += TimeSpan.FromDays(7) - TimeSpan.FromTicks(1);
        Assert.IsNotNull(store.TakeTicket(Key));
    }

    [TestMethod]
    public void TakeTicket_IssuedInTheFuture_AgesFromWhenItCame()
    {
        var store = new InMemorySessionTicketStore(_clock);
        store.AddTicket(Key, new SessionTicket(new byte[] { 1 }, default, _clock.Now.AddYears(1)));
        _clock.Now += TimeSpan.FromDays(7);
        Assert.IsNull(store.TakeTicket(Key));
    }

    [TestMethod]
    public void TakeToken_AddedOnes_NewestFirstOnceAndApartFromTickets()
    {
        var store = new InMemorySessionTicketStore(_clock);
        store.AddToken(Key, new byte[] { 1 });
        store.AddToken(Key, new byte[] { 2 });
        store.AddToken(Key, ReadOnlyMemory<byte>.Empty);
        Assert.IsNull(store.TakeTicket(Key));
        Assert.AreEqual(2, store.TakeToken(Key).Span[0]);
        Assert.AreEqual(1, store.TakeToken(Key).Span[0]);
        Assert.IsTrue(store.TakeToken(Key).IsEmpty);
        Assert.AreEqual(0, store.Count);
    }

    [TestMethod]
    public void TakeToken_OlderThanLifetime_Empty()
    {
        var store = new InMemorySessionTicketStore(_clock);
        store.AddToken(Key, new byte[] { 1 });
        _clock.Now += TimeSpan.FromDays(7);
        Assert.IsTrue(store.TakeToken(Key).IsEmpty);
    }

    [TestMethod]
    public void Clear_ForgetsAll()
    {
        var store = new InMemorySessionTicketStore(_clock);
        Add(store, Key);
        store.Clear();
        Assert.AreEqual(0, store.Count);
        Assert.IsNull(store.TakeTicket(Key));
    }

    [TestMethod]
    [DataRow(0, 4, 1)]
    [DataRow(1_000_001, 4, 1)]
    [DataRow(1, 0, 1)]
    [DataRow(1, 65, 1)]
    [DataRow(1, 4, 0)]
    [DataRow(1, 4, 8)]
    public void Constructor_OutOfRange_Throws(int maxKeys, int maxPerKey, int days) =>
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new InMemorySessionTicketStore(_clock, maxKeys, maxPerKey, TimeSpan.FromDays(days)));

    [TestMethod]
    public async Task AddAndTake_ManyThreads_EachTicketGivenAtMostOnce()
    {
        var store = new InMemorySessionTicketStore(_clock, maxKeys: 3, maxPerKey: 64);
        var seen = new System.Collections.Concurrent.ConcurrentDictionary<SessionTicket, bool>(ReferenceEqualityComparer.Instance);
        await Parallel.ForAsync(0, 2000, (i, _) =>
        {
            SessionTicketKey key = Key with { Port = i % 5 };
            Add(store, key);
            if (store.TakeTicket(key) is SessionTicket ticket)
            {
                Assert.IsTrue(seen.TryAdd(ticket, true));
            }

            return ValueTask.CompletedTask;
        });
        Assert.IsFalse(seen.IsEmpty);
        Assert.IsLessThanOrEqualTo(3, store.Count);
    }

    private SessionTicket Add(InMemorySessionTicketStore store, SessionTicketKey key)
    {
        var ticket = new SessionTicket(new byte[] { 1 }, default, _clock.Now);
        store.AddTicket(key, ticket);
        return ticket;
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = TestAuthority.Start;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
