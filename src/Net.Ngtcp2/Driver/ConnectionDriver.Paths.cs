using System.Net;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Udp;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Ngtcp2.Driver;

// The client's own moves, and moves of the peer that a server follows.
internal sealed unsafe partial class ConnectionDriver
{
    // As long as the validation of a path takes at least (RFC 9000, section 8.2.4): whoever waits for leave to begin one waits no longer.
    private const ulong MigrationBeginLimit = 3 * NGTCP2_SECONDS;

    // The library asserts no more than eight.
    private const ulong SpareConnectionIds = 1;

    // More than the library can have in use at once: what it goes back to after a move is among these, if it is retired.
    private const int RememberedRetiredIds = 16;
    private readonly Queue<ConnectionIdKey> _retiredIds = new();
    private PendingMigration? _migration;
    private Escape _escape;
    private bool _pathSucceeded;
    private bool _pathFailed;

    // The path that the application knows of.
    private (SocketAddressBuffer Local, SocketAddressBuffer Remote) _told;

    /// <summary>Moves to another local address (RFC 9000, section 9.2).</summary>
    internal void Migrate(int socket, in SocketAddressBuffer local, TaskCompletionSource completion)
    {
        if (_migration is not null)
        {
            _host.CloseSocket(socket);
            completion.TrySetException(new TransportException(TransportError.ConnectFailed, "A migration is under way already; wait for it to end."));
            return;
        }

        _escape = Escape.None;
        _migration = new PendingMigration(socket, local, completion, _host.Now + MigrationBeginLimit);
        TryBeginMigration();

        // Also when it cannot move: streams that waited for the answer on a path of the client's own choice go on.
        UpdateTimer();
        MarkDirty();
    }

    /// <summary>Lets the library take one connection id more than the client was told that it may give.</summary>
    /// <remarks>
    /// When a move is taken for a new path without an id of its own, because the id kept for that path was given up meanwhile, and another move overtakes its validation, libngtcp2 1.11
    /// tells the client that it lets the old id go, but goes on counting it until the old path is done with. The id that the client rightly gives instead is then one too many, and
    /// the library closes the connection with CONNECTION_ID_LIMIT_ERROR. The limit went out with the handshake; after it only that check reads the figure.
    /// </remarks>
    private void TolerateIdCountedTwice()
    {
        if (IsServer)
        {
            ngtcp2_conn_get_local_transport_params(_native)->active_connection_id_limit = ActiveConnectionIds + SpareConnectionIds;
        }
    }

    // The handshake may not be confirmed yet, and after moves in quick succession the peer has to give new connection ids first: both come by themselves.
    private void TryBeginMigration()
    {
        if (_migration is not { HasBegun: false } migration)
        {
            return;
        }

        SocketAddressBuffer local = migration.Local;
        SocketAddressBuffer remote = RemoteAddress;
        ngtcp2_path path;
        SocketAddresses.Point(&path, &local, &remote, migration.Socket);
        ulong now = Advance();
        int result = IsConfirmed ? ngtcp2_conn_initiate_migration(_native, &path, now) : NGTCP2_ERR_INVALID_STATE;
        if (result == 0)
        {
            migration.HasBegun = true;
            return;
        }

        if ((result == NGTCP2_ERR_CONN_ID_BLOCKED || !IsConfirmed) && now < migration.BeginDeadline)
        {
            return;
        }

        FailMigration(new TransportException(
            TransportError.ConnectFailed, $"The connection cannot move now: {DescribeError(result)}. The peer may forbid it or give no spare connection id.")
        {
            NativeError = result,
        });
    }

    /// <summary>
    /// Goes over to another local port at once, as the path is silent and what is in flight on it leaves no room for a PING: a new path begins with a congestion window and probes of its own
    /// (RFC 9000, section 9.4). Streams wait until the server answers there, or they would fill that window, too, and keep challenges and PINGs from going out.
    /// </summary>
    /// <returns>Whether it did. Not while the application moves the connection, nor from a port that it has chosen, nor where the server forbids it or has given no more connection ids.</returns>
    private bool TryLeavePath()
    {
        IPEndPoint? chosen = ((ConnectOptions)_options).LocalEndPoint;
        if (_migration is not null || chosen is { Port: not 0 })
        {
            return false;
        }

        int socket;
        SocketAddressBuffer local;
        try
        {
            (socket, local) = _host.OpenSocketFor(new IPEndPoint(chosen?.Address ?? (RemoteAddress.IsIPv6 ? IPAddress.IPv6Any : IPAddress.Any), 0), RemoteAddress);
        }
        catch (TransportException)
        {
            // Without a socket or a route the old path is as good as any.
            return false;
        }

        SocketAddressBuffer remote = RemoteAddress;
        ngtcp2_path path;
        SocketAddresses.Point(&path, &local, &remote, socket);
        if (ngtcp2_conn_initiate_immediate_migration(_native, &path, Advance()) != 0)
        {
            _host.CloseSocket(socket);
            return false;
        }

        if (OwnSocket >= 0)
        {
            _host.CloseSocket(OwnSocket);
        }

        OwnSocket = socket;
        _escape = Escape.Unanswered;
        return true;
    }

    /// <summary>Something came from the server. When it did not answer the challenge in time, a new path proves itself, now that there is one; if there can be none, it goes on without proof.</summary>
    private void NoteHeardAfterEscape()
    {
        if (_escape == Escape.Failed && !TryLeavePath())
        {
            _escape = Escape.None;
        }
    }

    private void HandlePathEvents()
    {
        TryBeginMigration();
        ngtcp2_path* path = ngtcp2_conn_get_path(_native);
        SocketAddressBuffer local = SocketAddresses.Read(path->local);
        SocketAddressBuffer remote = SocketAddresses.Read(path->remote);
        if (local != LocalAddress || remote != RemoteAddress)
        {
            LocalAddress = local;
            RemoteAddress = remote;
            Socket = SocketAddresses.SocketOf(*path);
            _blackHole.Reset(_host.Now);

            // The library forgets its timer for what is in flight when the path changes. Without something newer to be acknowledged, what was lost on the other path is lost for ever.
            ArmPing();
        }
        else if ((_pathSucceeded || _pathFailed) && IsServer)
        {
            // It forgets it as well when the limit for a path that is not proved holds it back (RFC 9000, section 8.1), and does not take it up again when the limit is gone.
            ArmPing();
        }

        if (_pathFailed && IsServer && IsIdRetired())
        {
            _pathFailed = false;
            EndWithoutId();
            return;
        }

        bool succeeded = _pathSucceeded;
        bool failed = _pathFailed;
        if (_escape == Escape.Unanswered && (succeeded || failed))
        {
            _escape = succeeded ? Escape.None : Escape.Failed;
        }

        _pathSucceeded = false;
        _pathFailed = false;
        if (succeeded && (LocalAddress, RemoteAddress) != _told)
        {
            // Not before: a server sends to a client's new address at once, but anybody may have copied a packet there (RFC 9000, section 9.3.1).
            Tell(isValidated: true);
        }
        else if (failed && IsServer)
        {
            Tell(isValidated: false);
        }

        if (_migration is { HasBegun: true } migration && (failed || (succeeded && Socket == migration.Socket)))
        {
            _migration = null;
            FinishMigration(migration, succeeded);
        }
    }

    /// <summary>Remembers an id of the peer's that this side has given back to it.</summary>
    private void NoteRetired(ngtcp2_cid* id)
    {
        if (_retiredIds.Count == RememberedRetiredIds)
        {
            _retiredIds.Dequeue();
        }

        _retiredIds.Enqueue(new ConnectionIdKey(id->AsSpan()));
    }

    private bool IsIdRetired() => _retiredIds.Contains(new ConnectionIdKey(ngtcp2_conn_get_dcid(_native)->AsSpan()));

    /// <summary>Ends a connection that can no longer name its peer. Forgotten at once, so that the peer's next packet is answered with a stateless reset, and it need not wait for its idle timeout.</summary>
    /// <remarks>
    /// When a move overtakes another one that had no id of its own, libngtcp2 1.11 retires the id of the path that it keeps to go back to. If it does go back, it sends with an id that the
    /// client has been told to forget, for ever: to the client every packet is a stranger's.
    /// </remarks>
    private void EndWithoutId() => End(
        new ConnectionClose(CloseInitiator.None, TransportError.ConnectionLost, null, null, "the client moved, its new path could not be validated, and the way back was given up before"),
        null,
        lingers: false);

    private void Tell(bool isValidated)
    {
        _told = isValidated ? (LocalAddress, RemoteAddress) : _told;
        _connection.SetPath(_told.Local, _told.Remote, isValidated);
    }

    private void FinishMigration(PendingMigration migration, bool succeeded)
    {
        if (succeeded)
        {
            if (OwnSocket >= 0)
            {
                _host.CloseSocket(OwnSocket);
            }

            OwnSocket = migration.Socket;
            migration.Completion.TrySetResult();
            return;
        }

        _host.CloseSocket(migration.Socket);
        Tell(isValidated: false);
        migration.Completion.TrySetException(new TransportException(
            TransportError.ConnectFailed, "The new path could not be validated; the connection stays on the old one."));
    }

    private void FailMigration(TransportException failure)
    {
        if (_migration is { } migration)
        {
            _migration = null;
            _host.CloseSocket(migration.Socket);
            migration.Completion.TrySetException(failure);
        }
    }

    // How far a client is that left a silent path by itself.
    private enum Escape
    {
        None,
        Unanswered,
        Failed,
    }

    private sealed class PendingMigration(int socket, SocketAddressBuffer local, TaskCompletionSource completion, ulong beginDeadline)
    {
        internal int Socket { get; } = socket;

        internal SocketAddressBuffer Local { get; } = local;

        internal TaskCompletionSource Completion { get; } = completion;

        internal ulong BeginDeadline { get; } = beginDeadline;

        internal bool HasBegun { get; set; }
    }
}
