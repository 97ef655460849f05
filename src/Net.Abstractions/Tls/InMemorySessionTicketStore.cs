namespace Net;

/// <summary>Keeps session tickets and address validation tokens in memory, within limits, for as long as the process lives.</summary>
/// <remarks>
/// Thread-safe. Of each key the newest are kept; of the keys the most recently used. A ticket is given out once and never older than the lifetime,
/// which RFC 8446, section 4.6.1 limits to 7 days.
/// </remarks>
public sealed class InMemorySessionTicketStore : SessionTicketStore
{
    /// <summary>The longest time a ticket may be used: 7 days (RFC 8446, section 4.6.1). The default.</summary>
    public static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(7);

    private readonly Lock _lock = new();
    private readonly TimeProvider _timeProvider;
    private readonly int _maxKeys;
    private readonly int _maxPerKey;
    private readonly TimeSpan _lifetime;
    private readonly Dictionary<SessionTicketKey, LinkedListNode<Shelf>> _shelves = [];

    // Most recently used first.
    private readonly LinkedList<Shelf> _order = new();

    /// <summary>Makes an empty store.</summary>
    /// <param name="timeProvider">The clock by which tickets age.</param>
    /// <param name="maxKeys">Keys that are kept. Default 1,000; range 1 to 10^6.</param>
    /// <param name="maxPerKey">Tickets, and tokens, that are kept for one key. Default 4; range 1 to 64.</param>
    /// <param name="lifetime">How old a ticket or token may get. Default and longest <see cref="MaxLifetime"/>; above zero.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public InMemorySessionTicketStore(TimeProvider timeProvider, int maxKeys = 1000, int maxPerKey = 4, TimeSpan? lifetime = null)
    {
        ArgumentNullException.ThrowIfNull(timeProvider);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxKeys, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxKeys, 1_000_000);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxPerKey, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxPerKey, 64);
        _lifetime = lifetime ?? MaxLifetime;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(_lifetime, TimeSpan.Zero, nameof(lifetime));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(_lifetime, MaxLifetime, nameof(lifetime));
        _timeProvider = timeProvider;
        _maxKeys = maxKeys;
        _maxPerKey = maxPerKey;
    }

    /// <summary>How many keys have a ticket or a token now, those past their time included until they are next asked for.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _shelves.Count;
            }
        }
    }

    /// <inheritdoc/>
    public override SessionTicket? TakeTicket(in SessionTicketKey key)
    {
        DateTimeOffset oldest = _timeProvider.GetUtcNow() - _lifetime;
        lock (_lock)
        {
            return Find(key) is LinkedListNode<Shelf> node && TakeNewest(node, node.Value.Tickets, oldest, out SessionTicket? ticket) ? ticket : null;
        }
    }

    /// <inheritdoc/>
    public override void AddTicket(in SessionTicketKey key, SessionTicket ticket)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        DateTimeOffset now = _timeProvider.GetUtcNow();

        // A ticket from a clock that ran ahead must not outlive the limit.
        DateTimeOffset from = ticket.IssuedAt < now ? ticket.IssuedAt : now;
        lock (_lock)
        {
            Put(GetOrAdd(key).Tickets, from, ticket);
        }
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> TakeToken(in SessionTicketKey key)
    {
        DateTimeOffset oldest = _timeProvider.GetUtcNow() - _lifetime;
        lock (_lock)
        {
            return Find(key) is LinkedListNode<Shelf> node && TakeNewest(node, node.Value.Tokens, oldest, out ReadOnlyMemory<byte> token) ? token : default;
        }
    }

    /// <inheritdoc/>
    public override void AddToken(in SessionTicketKey key, ReadOnlyMemory<byte> token)
    {
        if (token.IsEmpty)
        {
            return;
        }

        DateTimeOffset now = _timeProvider.GetUtcNow();
        lock (_lock)
        {
            Put(GetOrAdd(key).Tokens, now, token);
        }
    }

    /// <summary>Forgets everything, for instance when an identity was withdrawn.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _shelves.Clear();
            _order.Clear();
        }
    }

    private LinkedListNode<Shelf>? Find(in SessionTicketKey key)
    {
        if (!_shelves.TryGetValue(key, out LinkedListNode<Shelf>? node))
        {
            return null;
        }

        _order.Remove(node);
        _order.AddFirst(node);
        return node;
    }

    private Shelf GetOrAdd(in SessionTicketKey key)
    {
        if (Find(key) is LinkedListNode<Shelf> node)
        {
            return node.Value;
        }

        while (_shelves.Count >= _maxKeys)
        {
            Remove(_order.Last!);
        }

        var shelf = new Shelf(key);
        _shelves.Add(key, _order.AddFirst(shelf));
        return shelf;
    }

    private void Put<T>(List<(DateTimeOffset From, T Value)> items, DateTimeOffset from, T value)
    {
        if (items.Count >= _maxPerKey)
        {
            items.RemoveAt(0);
        }

        items.Add((from, value));
    }

    private bool TakeNewest<T>(LinkedListNode<Shelf> node, List<(DateTimeOffset From, T Value)> items, DateTimeOffset oldest, out T? value)
    {
        items.RemoveAll(item => item.From <= oldest);
        bool isFound = items.Count > 0;
        value = isFound ? items[^1].Value : default;
        if (isFound)
        {
            items.RemoveAt(items.Count - 1);
        }

        if (node.Value.Tickets.Count == 0 && node.Value.Tokens.Count == 0)
        {
            Remove(node);
        }

        return isFound;
    }

    private void Remove(LinkedListNode<Shelf> node)
    {
        _shelves.Remove(node.Value.Key);
        _order.Remove(node);
    }

    private sealed class Shelf(SessionTicketKey key)
    {
        public SessionTicketKey Key { get; } = key;

        // Oldest first.
        public List<(DateTimeOffset From, SessionTicket Value)> Tickets { get; } = [];

        public List<(DateTimeOffset From, ReadOnlyMemory<byte> Value)> Tokens { get; } = [];
    }
}
