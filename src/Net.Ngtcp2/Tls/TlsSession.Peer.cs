using Net.Ngtcp2.Interop;

namespace Net.Ngtcp2.Tls;

// Who the peer is, and whether it is let in.
internal sealed unsafe partial class TlsSession
{
    private bool _isPeerReverified;

    /// <summary>
    /// Judges the peer of a resumed session, as GnuTLS does not. The session does this by itself when the other side's Finished comes, and a server whose connection uses
    /// <see cref="ReceiveServerCryptoData"/> before any early data; calling it again gives the same answer.
    /// </summary>
    /// <returns><c>false</c> when the peer is refused: <see cref="Refusal"/> has the alert to close with. <c>true</c> also when the session is not resumed.</returns>
    public bool ReverifyResumedPeer()
    {
        if (!_isDisposed && !_isPeerReverified && IsResumed)
        {
            _isPeerReverified = true;
            if (_isServer)
            {
                ReadPeerChain();
            }
            else
            {
                // GnuTLS shows a client the chain of the earlier session only when the handshake is over.
                _peerChain = [.. _resumption!.PeerChain];
            }

            Refusal = Judge(_peerChain, isResumption: true);
        }

        return Refusal.IsAccepted;
    }

    /// <summary>Server: sends one ticket, when the options allow resumption. To be called when the handshake is over.</summary>
    /// <returns>Whether a ticket was written.</returns>
    public bool SendTicket() =>
        !_isDisposed && _isServer && ServerOptions is { AllowResumption: true } && GnuTlsNative.gnutls_session_ticket_send(_session.Pointer, 1, 0) >= 0;

    private int ToResult(bool isAccepted) => isAccepted ? GnuTlsNative.GNUTLS_E_SUCCESS : ToError(Refusal);

    private static int ToError(in PeerCertificateVerdict verdict) => verdict.Refusal switch
    {
        CertificateRefusal.None => GnuTlsNative.GNUTLS_E_SUCCESS,
        CertificateRefusal.Missing => GnuTlsNative.GNUTLS_E_CERTIFICATE_REQUIRED,
        _ => GnuTlsNative.GNUTLS_E_CERTIFICATE_ERROR,
    };

    private PeerCertificateVerdict Judge(IReadOnlyList<ReadOnlyMemory<byte>> chain, bool isResumption)
    {
        PeerCertificatePolicy? policy = _isServer ? ServerOptions?.ClientCertificatePolicy : _connectOptions!.Tls.ServerCertificatePolicy;
        ClientCertificateMode mode = _isServer ? ServerOptions?.ClientCertificateMode ?? ClientCertificateMode.None : ClientCertificateMode.Required;
        if (mode == ClientCertificateMode.None || (mode == ClientCertificateMode.Optional && chain.Count == 0))
        {
            return PeerCertificateVerdict.Accepted;
        }

        if (chain.Count == 0 || policy is null)
        {
            string detail = _isServer
                ? "ServerTlsOptions.ClientCertificateMode is Required, and the client sent no certificate; give the client an identity (ClientTlsOptions.Identity)."
                : "The server sent no certificate; give it one with its key (ServerTlsOptions.Identity).";
            return PeerCertificateVerdict.Refused(CertificateRefusal.Missing, detail);
        }

        var context = new PeerCertificateContext
        {
            Chain = chain,
            IsServerCertificate = !_isServer,
            ServerName = _isServer ? _serverName : _connectOptions!.EffectiveServerName,
            IsResumption = isResumption,
            Now = _context.TimeProvider.GetUtcNow(),
        };
        try
        {
            return policy.Evaluate(context);
        }
        catch (Exception exception)
        {
            // What cannot be judged is not let in.
            return PeerCertificateVerdict.Refused(
                CertificateRefusal.NotAllowed, $"The policy {policy.GetType().FullName} threw {exception.GetType().Name}: {exception.Message}");
        }
    }

    private void ReadPeerChain()
    {
        uint count = 0;
        gnutls_datum_t* certificates = GnuTlsNative.gnutls_certificate_get_peers(_session.Pointer, &count);
        if (certificates is null || count == 0)
        {
            _peerChain = [];
            return;
        }

        var chain = new ReadOnlyMemory<byte>[count];
        for (int i = 0; i < chain.Length; i++)
        {
            chain[i] = new ReadOnlySpan<byte>(certificates[i].data, (int)certificates[i].size).ToArray();
        }

        _peerChain = chain;
    }

    private int Verify()
    {
        ReadPeerChain();
        Refusal = Judge(_peerChain, isResumption: false);
        return ToError(Refusal);
    }
}
