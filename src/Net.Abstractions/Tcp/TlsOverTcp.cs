using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Net;

/// <summary>A TLS connection on TCP with the identity and the judgement of the peer that the QUIC engines have: what the machine itself trusts does not count.</summary>
internal sealed class TlsOverTcp : IAsyncDisposable
{
    // The context holds the chain that is sent; making one searches stores, so that it is made once for each identity.
    private static readonly ConditionalWeakTable<TlsIdentity, SslStreamCertificateContext> Contexts = [];

    private readonly Socket _socket;
    private readonly WatchedStream _watched;

    private TlsOverTcp(WatchedStream watched, SslStream stream, string? serverName, long identityGeneration, IReadOnlyList<ReadOnlyMemory<byte>> chain)
    {
        Socket socket = watched.Socket;
        _socket = socket;
        _watched = watched;
        Stream = stream;
        PeerCertificateChain = chain;
        LocalEndPoint = (IPEndPoint)socket.LocalEndPoint!;
        RemoteEndPoint = (IPEndPoint)socket.RemoteEndPoint!;
        CipherSuite = stream.NegotiatedCipherSuite.ToString();
        PeerCertificate = stream.RemoteCertificate as X509Certificate2;
        ApplicationProtocol = stream.NegotiatedApplicationProtocol.ToString();
        ServerName = serverName;
        IdentityGeneration = identityGeneration;
    }

    internal SslStream Stream { get; }

    /// <summary>Completes when TCP is over, as far as somebody reads: with why, or <c>null</c> for the peer's FIN and an end by this side. Never fails.</summary>
    internal Task<Exception?> Ended => _watched.Ended;

    internal string ApplicationProtocol { get; }

    internal string? ServerName { get; }

    internal long IdentityGeneration { get; }

    internal IPEndPoint LocalEndPoint { get; }

    internal IPEndPoint RemoteEndPoint { get; }

    internal string CipherSuite { get; }

    internal X509Certificate2? PeerCertificate { get; }

    internal IReadOnlyList<ReadOnlyMemory<byte>> PeerCertificateChain { get; }

    /// <summary>What TLS on TCP needs of a client's options.</summary>
    /// <param name="tls">Identity and trust.</param>
    /// <param name="serverName">The name that the certificate must hold; <c>null</c>: what the stream connects to.</param>
    /// <param name="timeProvider">The clock for certificate validity.</param>
    /// <param name="judged">Is told the verdict and the chain.</param>
    internal static SslClientAuthenticationOptions MakeOptions(
        ClientTlsOptions tls, string? serverName, TimeProvider timeProvider, Action<PeerCertificateVerdict, IReadOnlyList<ReadOnlyMemory<byte>>>? judged = null)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = serverName,

            // A resumed session shows the leaf alone, which the policy could not lead to its root.
            AllowTlsResume = false,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = (sender, certificate, chain, _) =>
            {
                IReadOnlyList<ReadOnlyMemory<byte>> sent = ChainOf(certificate, chain);
                PeerCertificateVerdict verdict = tls.ServerCertificatePolicy.Evaluate(new PeerCertificateContext
                {
                    Chain = sent,
                    IsServerCertificate = true,
                    ServerName = serverName ?? (sender as SslStream)?.TargetHostName,
                    Now = timeProvider.GetUtcNow(),
                });
                judged?.Invoke(verdict, sent);
                return verdict.IsAccepted;
            },
        };
        if (tls.Identity is { } identity)
        {
            options.ClientCertificateContext = ContextOf(identity);
        }

        return options;
    }

    /// <summary>What TLS on TCP needs of a server's options.</summary>
    /// <param name="tls">Identity and policy, as chosen for this handshake.</param>
    /// <param name="serverName">The name that the client asked for.</param>
    /// <param name="protocols">The application protocols to offer.</param>
    /// <param name="timeProvider">The clock for certificate validity.</param>
    /// <param name="judged">Is told the client's chain.</param>
    internal static SslServerAuthenticationOptions MakeOptions(
        ServerTlsOptions tls, string? serverName, List<SslApplicationProtocol> protocols, TimeProvider timeProvider, Action<IReadOnlyList<ReadOnlyMemory<byte>>>? judged = null)
    {
        bool isAsked = tls.ClientCertificateMode != ClientCertificateMode.None;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = ContextOf(tls.Identity),
            ApplicationProtocols = protocols,
            AllowRenegotiation = false,
            ClientCertificateRequired = isAsked,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = isAsked ? Judge : null,

            // A resumed session shows the leaf alone, which a policy could not lead to its root.
            AllowTlsResume = tls.AllowResumption && !isAsked,
        };

        bool Judge(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
        {
            if (certificate is null)
            {
                return tls.ClientCertificateMode != ClientCertificateMode.Required;
            }

            // The order does not matter to a policy that builds a path.
            IReadOnlyList<ReadOnlyMemory<byte>> sent = ChainOf(certificate, chain);
            judged?.Invoke(sent);
            return tls.ClientCertificatePolicy!.Evaluate(new PeerCertificateContext
            {
                Chain = sent,
                IsServerCertificate = false,
                ServerName = serverName,
                Now = timeProvider.GetUtcNow(),
            }).IsAccepted;
        }
    }

    /// <summary>Does a server's handshake on a socket that was accepted.</summary>
    /// <exception cref="AuthenticationException">The client is refused, or fails the handshake.</exception>
    /// <exception cref="IOException">TCP ended.</exception>
    internal static async ValueTask<TlsOverTcp> AcceptAsync(Socket socket, ListenOptions options, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        socket.NoDelay = true;
        var watched = new WatchedStream(socket);
        var stream = new SslStream(watched);
        ServerTlsOptions? chosen = null;
        string? serverName = null;
        IReadOnlyList<ReadOnlyMemory<byte>> sent = [];
        var remote = (IPEndPoint)socket.RemoteEndPoint!;
        try
        {
            await stream.AuthenticateAsServerAsync(
                (_, hello, _, _) =>
                {
                    serverName = hello.ServerName is { Length: > 0 } name ? name : null;
                    chosen = options.Tls(new ClientHello(serverName, remote))
                        ?? throw new AuthenticationException($"There are no TLS options for the name '{PlainText.Clean(serverName)}'; the client is refused.");
                    return new ValueTask<SslServerAuthenticationOptions>(MakeOptions(
                        chosen, serverName, [.. options.ApplicationProtocols.Select(static p => new SslApplicationProtocol(p))], timeProvider, chain => sent = chain));
                },
                null,
                cancellationToken).ConfigureAwait(false);
            return stream.NegotiatedApplicationProtocol.Protocol.IsEmpty
                ? throw new AuthenticationException("The client named no application protocol (ALPN) that is served here.")
                : new TlsOverTcp(watched, stream, serverName, chosen!.Identity.Generation, sent);
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Opens a connection and does the handshake.</summary>
    /// <param name="options">Where and how; of the protocols only <paramref name="protocol"/> counts.</param>
    /// <param name="protocol">The one application protocol that is offered and must be agreed on.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TransportException"><see cref="TransportError.ConnectFailed"/> or <see cref="TransportError.CertificateRejected"/>.</exception>
    internal static async ValueTask<TlsOverTcp> ConnectAsync(ConnectOptions options, SslApplicationProtocol protocol, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.HandshakeTimeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            Socket socket = await DialAsync(options, either.Token).ConfigureAwait(false);
            return await HandshakeAsync(socket, options, protocol, timeProvider, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (either.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new TransportException(
                TransportError.ConnectFailed,
                string.Create(CultureInfo.InvariantCulture, $"No TLS connection to {options.EffectiveServerName}:{options.RemotePort} on TCP within {options.HandshakeTimeout.TotalSeconds:0.###} s (ConnectOptions.HandshakeTimeout)."),
                exception);
        }
    }

    /// <summary>Sends TLS's close_notify and TCP's FIN; reading goes on.</summary>
    internal async ValueTask EndSendingAsync()
    {
        try
        {
            await Stream.ShutdownAsync().ConfigureAwait(false);
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The peer is gone already, which is what was wanted.
        }
    }

    /// <summary>Ends both directions at once.</summary>
    internal void Abort() => _socket.Dispose();

    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync().ConfigureAwait(false);
        _socket.Dispose();
    }

    private static async ValueTask<Socket> DialAsync(ConnectOptions options, CancellationToken cancellationToken)
    {
        IPAddress[] addresses;
        try
        {
            addresses = options.RemoteEndPoint is IPEndPoint ip ? [ip.Address] : await Dns.GetHostAddressesAsync(((DnsEndPoint)options.RemoteEndPoint).Host, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            throw new TransportException(TransportError.ConnectFailed, $"The name '{((DnsEndPoint)options.RemoteEndPoint).Host}' could not be resolved: {exception.Message}", exception);
        }

        SocketException? failure = null;
        foreach (IPAddress address in addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                if (options.LocalEndPoint is { } local)
                {
                    socket.Bind(local);
                }

                await socket.ConnectAsync(new IPEndPoint(address, options.RemotePort), cancellationToken).ConfigureAwait(false);
                return socket;
            }
            catch (SocketException exception)
            {
                failure = exception;
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw new TransportException(TransportError.ConnectFailed, $"No TCP connection to {options.EffectiveServerName}:{options.RemotePort}: {failure?.Message ?? "the name has no addresses."}", failure);
    }

    private static async ValueTask<TlsOverTcp> HandshakeAsync(
        Socket socket, ConnectOptions options, SslApplicationProtocol protocol, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        PeerCertificateVerdict verdict = default;
        IReadOnlyList<ReadOnlyMemory<byte>> sent = [];
        SslClientAuthenticationOptions tls = MakeOptions(options.Tls, options.EffectiveServerName, timeProvider, (v, chain) => (verdict, sent) = (v, chain));
        tls.ApplicationProtocols = [protocol];
        var watched = new WatchedStream(socket);
        var stream = new SslStream(watched);
        try
        {
            await stream.AuthenticateAsClientAsync(tls, cancellationToken).ConfigureAwait(false);
            return stream.NegotiatedApplicationProtocol == protocol
                ? new TlsOverTcp(watched, stream, options.EffectiveServerName, options.Tls.Identity?.Generation ?? 0, sent)
                : throw new TransportException(TransportError.ConnectFailed, $"{options.EffectiveServerName}:{options.RemotePort} does not speak '{protocol}' over TLS on TCP.");
        }
        catch (Exception exception)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw exception switch
            {
                AuthenticationException when !verdict.IsAccepted => new TransportException(
                    TransportError.CertificateRejected, $"The certificate of {options.EffectiveServerName}:{options.RemotePort} was refused: {verdict.Detail}", exception),
                AuthenticationException or IOException and not TransportException => new TransportException(
                    TransportError.ConnectFailed, $"The TLS handshake with {options.EffectiveServerName}:{options.RemotePort} on TCP failed: {exception.InnerException?.Message ?? exception.Message}", exception),
                _ => exception,
            };
        }
    }

    private static SslStreamCertificateContext ContextOf(TlsIdentity identity) =>
        Contexts.GetValue(identity, static i => SslStreamCertificateContext.Create(i.Certificate, [.. i.Intermediates], offline: true));

    private static List<ReadOnlyMemory<byte>> ChainOf(X509Certificate? certificate, X509Chain? chain)
    {
        List<ReadOnlyMemory<byte>> sent = certificate is null ? [] : [certificate.GetRawCertData()];
        foreach (X509Certificate2 other in chain?.ChainPolicy.ExtraStore ?? [])
        {
            // The leaf stands there too.
            if (sent.Count > 0 && !other.RawDataMemory.Span.SequenceEqual(sent[0].Span))
            {
                sent.Add(other.RawDataMemory);
            }
        }

        return sent;
    }

    /// <summary>Notices the end of TCP in passing: who is lent the TLS stream, such as the platform's HTTP/2, tells nobody of it.</summary>
    private sealed class WatchedStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        private readonly TaskCompletionSource<Exception?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task<Exception?> Ended => _ended.Task;

        internal new Socket Socket => base.Socket;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                int count = await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (count == 0 && !buffer.IsEmpty)
                {
                    _ended.TrySetResult(null);
                }

                return count;
            }
            catch (IOException exception)
            {
                _ended.TrySetResult(exception);
                throw;
            }
        }

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            _ended.TrySetResult(null);
        }
    }
}
