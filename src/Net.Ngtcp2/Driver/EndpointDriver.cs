using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Tls;
using Net.Ngtcp2.Udp;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Ngtcp2.Driver;

/// <summary>Drives all connections of one loop: finds the connection of each datagram, keeps the timers, accepts clients. No socket, no clock, no thread of its own.</summary>
/// <remarks>
/// One turn of its host: datagrams in, posted work, due timers, <see cref="FlushReceived"/>, posted work again, <see cref="Write"/>. Everything runs on the host's one thread.
/// </remarks>
internal sealed unsafe partial class EndpointDriver
{
    /// <summary>Length of the connection ids that this side chooses: long enough that nobody guesses one, short enough to cost little in each packet.</summary>
    internal const int IdLength = 12;

    // A full batch, and behind it the largest datagram.
    private const int SendBufferBytes = 2 * 65_536;
    private readonly Dictionary<ConnectionIdKey, object> _byId = [];
    private readonly Dictionary<ConnectionIdKey, ConnectionDriver> _byResetToken = [];
    private readonly HashSet<ConnectionDriver> _connections = [];
    private readonly Queue<ConnectionDriver> _dirty = new();
    private readonly List<ConnectionDriver> _flushes = [];
    private readonly List<ConnectionDriver> _ended = [];
    private readonly PriorityQueue<ClosingRecord, ulong> _closing = new();
    private readonly byte[] _sendBuffer = GC.AllocateUninitializedArray<byte>(SendBufferBytes, pinned: true);
    private readonly byte[] _secret;
    private readonly int _index;
    private readonly int _groupSize;
    private int _limitedRecords;

    /// <summary>Makes a driver for clients, or with a <paramref name="server"/> for one loop of a listener.</summary>
    /// <param name="host">Time, way out, and queue.</param>
    /// <param name="engineOptions">Settings of the engine.</param>
    /// <param name="tlsContext">What TLS sessions share.</param>
    /// <param name="server">What the loops of a listener share, or <c>null</c>.</param>
    /// <param name="index">Which loop of its group this is.</param>
    /// <param name="groupSize">How many loops share the port.</param>
    internal EndpointDriver(
        IDriverHost host, Ngtcp2EngineOptions engineOptions, TlsSessionContext tlsContext, ServerState? server = null, int index = 0, int groupSize = 1)
    {
        Host = host;
        EngineOptions = engineOptions;
        TlsContext = tlsContext;
        Server = server;
        _index = index;
        _groupSize = groupSize;
        _secret = server?.StaticSecret ?? RandomNumberGenerator.GetBytes(ServerState.SecretLength);
    }

    internal IDriverHost Host { get; }

    internal Ngtcp2EngineOptions EngineOptions { get; }

    internal TlsSessionContext TlsContext { get; }

    internal ServerState? Server { get; }

    internal ServerTlsContext? ServerTls => Server?.Tls;

    internal TimerHeap Timers { get; } = new();

    internal Span<byte> SendBuffer => _sendBuffer;

    internal int ConnectionCount => _connections.Count;

    /// <summary>Ids in the table, those of ended connections included.</summary>
    internal int IdCount => _byId.Count;

    /// <summary>Tokens with which peers could reset connections.</summary>
    internal int ResetTokenCount => _byResetToken.Count;

    /// <summary>Whether <see cref="Write"/> has something to do at once.</summary>
    internal bool HasWork => _dirty.Count > 0 || _flushes.Count > 0 || _ended.Count > 0;

    /// <summary>When <see cref="HandleExpiries"/> is next needed, in nanoseconds.</summary>
    internal ulong NextExpiry => _closing.TryPeek(out _, out ulong closing) ? Math.Min(closing, Timers.NextExpiry) : Timers.NextExpiry;

    /// <summary>Begins a client's connection.</summary>
    internal ConnectionDriver Connect(Ngtcp2Connection connection, in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket)
    {
        ConnectionDriver driver = ConnectionDriver.Connect(this, connection, local, remote, socket);
        _connections.Add(driver);
        MarkDirty(driver);
        return driver;
    }

    /// <summary>Runs the timers that are due.</summary>
    internal void HandleExpiries(ulong now)
    {
        while (Timers.PeekDue(now) is { } driver)
        {
            Timers.Remove(driver);
            driver.HandleExpiry(now);
            if (!driver.IsEnded)
            {
                MarkDirty(driver);
            }
        }

        while (_closing.TryPeek(out ClosingRecord? record, out ulong expiry) && expiry <= now)
        {
            _closing.Dequeue();
            _limitedRecords -= record.IsLimited ? 1 : 0;
            if (record.OwnSocket >= 0)
            {
                Host.CloseSocket(record.OwnSocket);
            }

            foreach (ConnectionIdKey id in record.Ids)
            {
                if (_byId.TryGetValue(id, out object? owner) && ReferenceEquals(owner, record))
                {
                    _byId.Remove(id);
                }
            }
        }
    }

    /// <summary>Wakes the application for what arrived. Its continuations may run inside and post work, but add nothing to the list.</summary>
    internal void FlushReceived()
    {
        for (int i = 0; i < _flushes.Count; i++)
        {
            _flushes[i].FlushReceived();
        }

        _flushes.Clear();
    }

    /// <summary>Sends what can be sent: once for each connection that has something, in turn. Frees what has ended.</summary>
    internal void Write()
    {
        int count = _dirty.Count;
        for (int i = 0; i < count; i++)
        {
            ConnectionDriver driver = _dirty.Dequeue();
            driver.IsDirty = false;
            if (!driver.IsEnded && driver.Write())
            {
                MarkDirty(driver);
            }
        }

        FreeEnded();
    }

    /// <summary>Ends every connection, frees every native object.</summary>
    internal void Shutdown(string reason)
    {
        foreach (ConnectionDriver driver in _connections.ToArray())
        {
            driver.Dismiss(reason);
        }

        FlushReceived();
        FreeEnded();
        _closing.Clear();
        _limitedRecords = 0;
        _byId.Clear();
        _dirty.Clear();
    }

    /// <summary>Ends client attempts to an address that nobody listens on.</summary>
    internal void HandleUnreachable(in SocketAddressBuffer remote, string reason)
    {
        if (Server is not null)
        {
            // Anybody can make a server answer to where nobody listens; it must not look at all its connections each time.
            return;
        }

        foreach (ConnectionDriver driver in _connections.ToArray())
        {
            if (driver.RemoteAddress == remote)
            {
                driver.HandleUnreachable(reason);
            }
        }
    }

    /// <summary>Tells the application side of all connections that no new streams should be opened.</summary>
    internal void RaiseDraining()
    {
        foreach (ConnectionDriver driver in _connections)
        {
            driver.Connection.RaiseDraining();
        }
    }

    internal void MarkDirty(ConnectionDriver driver)
    {
        if (!driver.IsDirty)
        {
            driver.IsDirty = true;
            _dirty.Enqueue(driver);
        }
    }

    internal void NeedsFlush(ConnectionDriver driver)
    {
        if (_flushes.Count == 0 || !ReferenceEquals(_flushes[^1], driver))
        {
            _flushes.Add(driver);
        }
    }

    internal void AddId(ConnectionIdKey key, ConnectionDriver driver) => _byId[key] = driver;

    internal void RemoveId(ConnectionIdKey key) => _byId.Remove(key);

    /// <summary>Notes the token with which a peer could reset a connection.</summary>
    internal void AddResetToken(ConnectionIdKey token, ConnectionDriver driver) => _byResetToken[token] = driver;

    internal void RemoveResetToken(ConnectionIdKey token, ConnectionDriver driver)
    {
        // Another connection may have the same token by now: a peer may give away what it likes.
        if (_byResetToken.TryGetValue(token, out ConnectionDriver? owner) && ReferenceEquals(owner, driver))
        {
            _byResetToken.Remove(token);
        }
    }

    /// <summary>Takes an ended connection out; its record answers for it from now on.</summary>
    internal void Remove(ConnectionDriver driver, ClosingRecord record)
    {
        Timers.Remove(driver);
        driver.ForgetResetTokens();
        _connections.Remove(driver);
        if (!record.IsLimited || _limitedRecords < Server!.Options.MaxHandshakes)
        {
            _limitedRecords += record.IsLimited ? 1 : 0;
            foreach (ConnectionIdKey id in record.Ids)
            {
                _byId[id] = record;
            }

            _closing.Enqueue(record, record.Expiry);
        }
        else
        {
            // Handshakes that fail at once never wait in line: what stays of them has the same limit as those that do.
            foreach (ConnectionIdKey id in record.Ids)
            {
                _byId.Remove(id);
            }
        }

        _ended.Add(driver);
        if (driver.IsServer)
        {
            Server!.NoteEnded(driver.IsHandshakeCompleted);
        }
    }

    /// <summary>A fresh connection id whose first byte leads datagrams to this loop.</summary>
    internal ngtcp2_cid MakeId()
    {
        Span<byte> bytes = stackalloc byte[IdLength];
        Host.FillRandom(bytes);
        if (_groupSize > 1)
        {
            int steps = 256 / _groupSize;
            bytes[0] = (byte)((bytes[0] % steps * _groupSize) + _index);
        }

        return new ngtcp2_cid(bytes);
    }

    /// <summary>The stateless reset token of an id: derived, so that it is known after a restart with the same secret (RFC 9000, section 10.3.2).</summary>
    internal void MakeResetToken(ngtcp2_cid id, byte* token)
    {
        fixed (byte* secret = _secret)
        {
            if (ngtcp2_crypto_generate_stateless_reset_token(token, secret, (nuint)_secret.Length, &id) != 0)
            {
                throw new InvalidOperationException("ngtcp2_crypto_generate_stateless_reset_token failed.");
            }
        }
    }

    // Not before the turn's end: native code further up the stack may still be using the connection.
    private void FreeEnded()
    {
        foreach (ConnectionDriver driver in _ended)
        {
            driver.Free();
        }

        _ended.Clear();
    }
}
