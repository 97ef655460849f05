using System.Security.Cryptography;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Udp;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Ngtcp2.Driver;

// From a datagram to its connection, or to one of the answers that need no connection.
internal sealed unsafe partial class EndpointDriver
{
    // A server that never answers more than this many unknown datagrams in a second is no amplifier and no target (RFC 9000, section 10.3.3).
    private const int MaxStatelessRepliesPerSecond = 1000;
    private const int MinInitialDatagram = 1200;
    private const ulong RetryTokenLifetime = 10 * NGTCP2_SECONDS;
    private const ulong TokenLifetime = 24 * 3600 * NGTCP2_SECONDS;
    private RateWindow _statelessReplies = new(MaxStatelessRepliesPerSecond);

    /// <summary>Takes one datagram.</summary>
    /// <param name="data">The payload; only used during the call.</param>
    /// <param name="local">Where it arrived.</param>
    /// <param name="remote">Where it came from.</param>
    /// <param name="socket">Number of the socket it came by.</param>
    /// <param name="ecn">ECN code point.</param>
    /// <returns>The loop of the group that it belongs to when that is another one; else -1.</returns>
    internal int HandleDatagram(ReadOnlySpan<byte> data, in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket, byte ecn)
    {
        if (data.IsEmpty)
        {
            return -1;
        }

        ngtcp2_version_cid header;
        fixed (byte* bytes = data)
        {
            int result = ngtcp2_pkt_decode_version_cid(&header, bytes, (nuint)data.Length, IdLength);
            if (result != 0)
            {
                if (result == NGTCP2_ERR_VERSION_NEGOTIATION)
                {
                    NegotiateVersion(header, data.Length, local, remote, socket);
                }

                return -1;
            }

            if (header.dcidlen > ConnectionIdKey.MaxLength)
            {
                return -1;
            }

            var id = new ReadOnlySpan<byte>(header.dcid, (int)header.dcidlen);
            if (_byId.TryGetValue(new ConnectionIdKey(id), out object? owner))
            {
                if (owner is ConnectionDriver driver)
                {
                    driver.HandleDatagram(data, local, remote, socket, ecn);
                }
                else
                {
                    ((ClosingRecord)owner).HandleDatagram(Host, remote, data.Length);
                }

                return -1;
            }

            if (FindReset(data) is { } reset)
            {
                reset.HandleDatagram(data, local, remote, socket, ecn);
                return -1;
            }

            if (_groupSize > 1 && id.Length > 0 && id[0] % _groupSize != _index)
            {
                return id[0] % _groupSize;
            }

            if (Server is not null)
            {
                HandleUnknown(Server, bytes, data, header, local, remote, socket, ecn);
            }
        }

        return -1;
    }

    // A stateless reset looks like any packet with a short header, but for the token at its end (RFC 9000, section 10.3.1). The library judges it; here only the connection is found.
    private ConnectionDriver? FindReset(ReadOnlySpan<byte> data)
    {
        const int MinReset = 5 + NGTCP2_STATELESS_RESET_TOKENLEN;
        return _byResetToken.Count > 0 && data.Length >= MinReset && (data[0] & 0x80) == 0
            && _byResetToken.TryGetValue(new ConnectionIdKey(data[^NGTCP2_STATELESS_RESET_TOKENLEN..]), out ConnectionDriver? driver) ? driver : null;
    }

    private void HandleUnknown(
        ServerState server, byte* bytes, ReadOnlySpan<byte> data, in ngtcp2_version_cid header, in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket, byte ecn)
    {
        bool isLong = (data[0] & 0x80) != 0;
        if (!isLong)
        {
            ResetStatelessly(server, header, data.Length, local, remote, socket);
            return;
        }

        if (!server.Options.Versions.Contains((QuicVersion)header.version))
        {
            NegotiateVersion(header, data.Length, local, remote, socket);
            return;
        }

        InitialPacket initial = default;
        ngtcp2_pkt_hd hd;
        if (data.Length < MinInitialDatagram || ngtcp2_accept(&hd, bytes, (nuint)data.Length) != 0)
        {
            return;
        }

        initial.Header = hd;
        initial.OriginalId = hd.dcid;
        if (!CheckToken(server, ref initial, local, remote, socket))
        {
            return;
        }

        if (initial.TokenType == ngtcp2_token_type.NGTCP2_TOKEN_TYPE_UNKNOWN && server.WantsRetry)
        {
            SendRetry(server, initial, local, remote, socket);
            return;
        }

        if (!server.TryBegin())
        {
            Interlocked.Increment(ref server.Refusals);
            Refuse(hd, NGTCP2_CONNECTION_REFUSED, local, remote, socket);
            return;
        }

        Accept(server, initial, data, local, remote, socket, ecn);
    }

    private void Accept(
        ServerState server, in InitialPacket initial, ReadOnlySpan<byte> data, in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket, byte ecn)
    {
        var connection = new Ngtcp2Connection(server.Options, Host, isServer: true, remote.ToIPEndPoint(), local.ToIPEndPoint());
        ConnectionDriver driver;
        try
        {
            driver = ConnectionDriver.Accept(this, connection, initial, local, remote, socket);
        }
        catch (Exception exception)
        {
            Host.Logger.AcceptFailed(connection.RemoteEndPoint, exception);

            // Out of memory in the library, or a certificate it cannot use: the client is refused, the server goes on.
            server.NoteEnded(handshakeWasCompleted: false);
            Interlocked.Increment(ref server.Refusals);
            Refuse(initial.Header, NGTCP2_INTERNAL_ERROR, local, remote, socket);
            return;
        }

        connection.Attach(driver);
        _connections.Add(driver);
        driver.HandleDatagram(data, local, remote, socket, ecn);
    }

    // Returns false when the packet was answered or must be dropped.
    private bool CheckToken(ServerState server, ref InitialPacket initial, in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket)
    {
        if (initial.Header.tokenlen == 0)
        {
            return true;
        }

        SocketAddressBuffer address = remote;
        ngtcp2_cid dcid = initial.Header.dcid;
        ngtcp2_cid original;
        byte kind = *initial.Header.token;
        fixed (byte* secret = _secret)
        {
            if (kind == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2)
            {
                int result = ngtcp2_crypto_verify_retry_token2(
                    &original, initial.Header.token, initial.Header.tokenlen, secret, (nuint)_secret.Length, initial.Header.version, &address, (uint)address.Length,
                    &dcid, RetryTokenLifetime, WallClock());
                if (result != 0)
                {
                    Refuse(initial.Header, NGTCP2_INVALID_TOKEN, local, remote, socket);
                    return false;
                }

                initial.OriginalId = original;
                initial.FollowsRetry = true;
                initial.TokenType = ngtcp2_token_type.NGTCP2_TOKEN_TYPE_RETRY;
                return true;
            }

            // A token of an earlier visit that does not hold is as good as none (RFC 9000, section 8.1.3).
            if (kind == NGTCP2_CRYPTO_TOKEN_MAGIC_REGULAR
                && ngtcp2_crypto_verify_regular_token(
                    initial.Header.token, initial.Header.tokenlen, secret, (nuint)_secret.Length, &address, (uint)address.Length, TokenLifetime, WallClock()) == 0)
            {
                initial.TokenType = ngtcp2_token_type.NGTCP2_TOKEN_TYPE_NEW_TOKEN;
            }
        }

        return true;
    }

    /// <summary>Writes an address validation token for a later connection (NEW_TOKEN).</summary>
    /// <returns>Its length, or 0.</returns>
    internal int MakeToken(Span<byte> token, in SocketAddressBuffer remote)
    {
        SocketAddressBuffer address = remote;
        fixed (byte* secret = _secret)
        fixed (byte* bytes = token)
        {
            nint length = ngtcp2_crypto_generate_regular_token(bytes, secret, (nuint)_secret.Length, &address, (uint)address.Length, WallClock());
            return length > 0 ? (int)length : 0;
        }
    }

    private void SendRetry(ServerState server, in InitialPacket initial, in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket)
    {
        Interlocked.Increment(ref server.Retries);
        ngtcp2_cid scid = MakeId();
        ngtcp2_cid client = initial.Header.scid;
        ngtcp2_cid original = initial.Header.dcid;
        SocketAddressBuffer address = remote;
        byte* token = stackalloc byte[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2];
        fixed (byte* secret = _secret)
        fixed (byte* buffer = _sendBuffer)
        {
            nint tokenLength = ngtcp2_crypto_generate_retry_token2(
                token, secret, (nuint)_secret.Length, initial.Header.version, &address, (uint)address.Length, &scid, &original, WallClock());
            if (tokenLength > 0)
            {
                Reply(ngtcp2_crypto_write_retry(buffer, MinInitialDatagram, initial.Header.version, &client, &scid, &original, token, (nuint)tokenLength), local, remote, socket);
            }
        }
    }

    private void Refuse(in ngtcp2_pkt_hd header, ulong code, in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket)
    {
        if (!_statelessReplies.TryCount(Host.Now))
        {
            return;
        }

        ngtcp2_cid client = header.scid;
        ngtcp2_cid own = header.dcid;
        fixed (byte* buffer = _sendBuffer)
        {
            Reply(ngtcp2_crypto_write_connection_close(buffer, MinInitialDatagram, header.version, &client, &own, code, null, 0), local, remote, socket);
        }
    }

    private void NegotiateVersion(in ngtcp2_version_cid header, int length, in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket)
    {
        if (Server is null || length < MinInitialDatagram || !_statelessReplies.TryCount(Host.Now))
        {
            return;
        }

        Interlocked.Increment(ref Server.VersionNegotiations);
        IReadOnlyList<QuicVersion> offered = Server.Options.Versions;
        uint* versions = stackalloc uint[offered.Count + 1];
        for (int i = 0; i < offered.Count; i++)
        {
            versions[i] = (uint)offered[i];
        }

        // A reserved version keeps clients from taking the list for fixed (RFC 9000, section 6.3).
        versions[offered.Count] = 0x1a2a3a4a;
        fixed (byte* buffer = _sendBuffer)
        {
            Reply(
                ngtcp2_pkt_write_version_negotiation(
                    buffer, MinInitialDatagram, (byte)RandomNumberGenerator.GetInt32(256), header.scid, header.scidlen, header.dcid, header.dcidlen, versions, (nuint)offered.Count + 1),
                local, remote, socket);
        }
    }

    // Smaller than what it answers, so that two endpoints cannot reset each other for ever (RFC 9000, section 10.3.3).
    private void ResetStatelessly(ServerState server, in ngtcp2_version_cid header, int length, in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket)
    {
        const int MinReset = 22;
        const int MaxReset = 43;
        int room = Math.Min(length - 1, MaxReset);
        if (room < MinReset || !_statelessReplies.TryCount(Host.Now))
        {
            return;
        }

        var id = new ngtcp2_cid(new ReadOnlySpan<byte>(header.dcid, (int)header.dcidlen));
        byte* token = stackalloc byte[NGTCP2_STATELESS_RESET_TOKENLEN];
        MakeResetToken(id, token);
        int randomLength = room - NGTCP2_STATELESS_RESET_TOKENLEN;
        byte* random = stackalloc byte[MaxReset];
        RandomNumberGenerator.Fill(new Span<byte>(random, randomLength));
        Interlocked.Increment(ref server.StatelessResets);
        fixed (byte* buffer = _sendBuffer)
        {
            Reply(ngtcp2_pkt_write_stateless_reset(buffer, (nuint)room, token, random, (nuint)randomLength), local, remote, socket);
        }
    }

    private void Reply(nint length, in SocketAddressBuffer local, in SocketAddressBuffer remote, int socket)
    {
        if (length > 0)
        {
            Host.Send(socket, local, remote, 0, _sendBuffer.AsSpan(0, (int)length), (int)length);
        }
    }

    internal void HandleHandshakeEnded(ConnectionDriver driver) => Server!.NoteHandshakeEnded();

    /// <summary>Gives a connection to the listener's queue; only the first call counts.</summary>
    internal void Deliver(ConnectionDriver driver)
    {
        if (driver.Connection.TryMarkDelivered())
        {
            Server!.Deliver(driver.Connection);
        }
    }

    private ulong WallClock() => (ulong)(Host.TimeProvider.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
