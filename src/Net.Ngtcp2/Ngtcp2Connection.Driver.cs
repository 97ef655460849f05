using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Streams;
using Net.Ngtcp2.Tls;
using Net.Ngtcp2.Udp;

namespace Net.Ngtcp2;

// What the driver tells the connection. Everything here runs on the driver's thread.
internal sealed partial class Ngtcp2Connection
{
    private PathFigures _figures;
    private int _figuresVersion;
    private int _delivered;
    private bool _wasOpen;

    /// <summary>Publishes figures without a lock: readers look at the version before and after.</summary>
    internal void PublishStatistics(in PathFigures figures)
    {
        Volatile.Write(ref _figuresVersion, _figuresVersion + 1);
        Interlocked.MemoryBarrier();
        _figures = figures;
        Interlocked.MemoryBarrier();
        Volatile.Write(ref _figuresVersion, _figuresVersion + 1);
    }

    internal void SetHandshakeFacts(TlsSession tls, QuicVersion version, in SocketAddressBuffer local, in SocketAddressBuffer remote)
    {
        _local = local.ToIPEndPoint();
        _remote = remote.ToIPEndPoint();

        // The facts come twice when early data was sent; the application may hold the certificate of the first.
        PeerLeaf? leaf = tls.PeerChain.Count == 0 ? null : _facts?.PeerLeaf is { } known && known.Is(tls.PeerChain[0]) ? known : new PeerLeaf(tls.PeerChain[0]);
        _facts = new HandshakeFacts(
            tls.ApplicationProtocol ?? "", tls.ServerName, version, tls.CipherSuite, leaf, tls.PeerChain, tls.IdentityGeneration, tls.IsResumed);
    }

    /// <summary>The server has said which versions it speaks, and that the first one is not among them (RFC 9000, section 6).</summary>
    internal void NoteVersionsOfServer(ReadOnlySpan<uint> versions)
    {
        foreach (QuicVersion version in Options.Versions)
        {
            if (version != FirstVersion && versions.Contains((uint)version))
            {
                NextVersion = version;
                return;
            }
        }
    }

    internal void SetEarlyData(EarlyDataStatus status) => _earlyData = (int)status;

    /// <summary>Early data may be sent, in the protocol of the ticket.</summary>
    internal void HandleEarlyDataPossible(string? protocol)
    {
        _earlyProtocol = protocol;
        _usable.TrySetResult();
    }

    /// <summary>The handshake is over and the peer has accepted this side.</summary>
    internal void HandleHandshakeCompleted(ulong duration)
    {
        _wasOpen = true;
        TransportDiagnostics.HandshakeCompleted(Ngtcp2Engine.EngineName, this, TimeSpan.FromTicks((long)(duration / 100)));
        _host.Logger.ConnectionOpened(Id, _remote, ApplicationProtocol, Version, IsResumed);
        _handshake.TrySetResult();
        _usable.TrySetResult();
        ReleaseOpeners();
    }

    /// <summary>The connection is over: everything that waits for it is woken with the reason.</summary>
    internal void HandleEnded(ConnectionClose close, ulong duration, IReadOnlyCollection<Ngtcp2Stream> streams)
    {
        _close = close;
        if (_wasOpen)
        {
            TransportDiagnostics.ConnectionEnded(Ngtcp2Engine.EngineName, IsServer);
        }
        else
        {
            TransportDiagnostics.HandshakeFailed(Ngtcp2Engine.EngineName, IsServer, _remote, TimeSpan.FromTicks((long)(duration / 100)), close);
        }

        LogEnd(close);
        TransportException failure = close.ToException();
        foreach (Ngtcp2Stream stream in streams)
        {
            stream.Close(failure);
        }

        FailOpeners(close);
        _acceptQueue.Fail(failure);
        _datagramQueue.Fail(failure);
        if (_handshake.TrySetException(failure))
        {
            _ = _handshake.Task.Exception;
        }

        if (_usable.TrySetException(failure))
        {
            _ = _usable.Task.Exception;
        }

        RaiseDraining();
        _closed.TrySetResult(close);
    }

    internal void SetPath(in SocketAddressBuffer local, in SocketAddressBuffer remote, bool isValidated)
    {
        _local = local.ToIPEndPoint();
        _remote = remote.ToIPEndPoint();
        _host.Logger.PathChanged(Id, _local, _remote, isValidated);
        RaisePathChanged(new PathChangedEventArgs(_local, _remote, isValidated));
    }

    internal void AddPeerStream(Ngtcp2Stream stream)
    {
        TransportDiagnostics.StreamOpened(Ngtcp2Engine.EngineName, isLocal: false);
        _acceptQueue.Add(stream);
    }

    internal void ReceiveDatagram(ReadOnlySpan<byte> payload) => _datagramQueue.AddReceived(payload);

    internal bool HasDatagramsToSend => _datagramQueue.HasToSend;

    internal bool TryPeekDatagram(out ReadOnlyMemory<byte> payload) => _datagramQueue.TryPeekToSend(out payload);

    internal void DropDatagram() => _datagramQueue.DropToSend();

    /// <summary>Marks a server's connection as given to the listener; <c>false</c> when it was before.</summary>
    internal bool TryMarkDelivered() => Interlocked.Exchange(ref _delivered, 1) == 0;

    private void LogEnd(ConnectionClose close)
    {
        if (close.Error == TransportError.CertificateRejected)
        {
            _host.Logger.CertificateRejected(Id, _remote, close.Reason);
        }
        else if (close is { Initiator: CloseInitiator.Local, Error: TransportError.ProtocolViolation })
        {
            _host.Logger.PeerCutOff(Id, _remote, close.Reason);
        }
        else if (_wasOpen)
        {
            _host.Logger.ConnectionEnded(Id, _remote, close.Error, close.Reason);
        }
        else
        {
            _host.Logger.HandshakeFailed(Id, _remote, close.Error, close.Reason);
        }
    }

    private PathFigures ReadFigures()
    {
        while (true)
        {
            int version = Volatile.Read(ref _figuresVersion);
            if ((version & 1) == 0)
            {
                PathFigures figures = _figures;
                Interlocked.MemoryBarrier();
                if (Volatile.Read(ref _figuresVersion) == version)
                {
                    return figures;
                }
            }

            Thread.SpinWait(1);
        }
    }
}
