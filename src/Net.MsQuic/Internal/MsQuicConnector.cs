using System.Net;
using System.Net.Quic;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.Versioning;

namespace Net.MsQuic.Internal;

/// <summary>Makes one client connection: finds the addresses, and tries them in turn.</summary>
/// <param name="options">Where and how.</param>
/// <param name="credentials">What is derived from identities.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="background">Where attempts that were given up end in peace.</param>
/// <param name="ended">Called when the connection is over.</param>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
internal sealed class MsQuicConnector(
    ConnectOptions options, CredentialCache credentials, TimeProvider timeProvider, BackgroundWork background, Action<MsQuicConnection> ended)
{
    // The library queues its first report of stream credit just before the end of the handshake, so that it is there at once on a machine that is not busy. From a peer that grants nothing none comes.
    private static readonly TimeSpan PatienceForCredit = TimeSpan.FromMilliseconds(250);

    /// <summary>Connects.</summary>
    /// <param name="stopping">Set when the engine goes.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <returns>The connection, not started yet.</returns>
    /// <exception cref="TransportException">No address could be connected to; the message is that of the last one.</exception>
    internal async ValueTask<MsQuicConnection> ConnectAsync(CancellationToken stopping, CancellationToken cancellationToken)
    {
        IReadOnlyList<IPEndPoint> candidates = await ResolveAsync(cancellationToken).ConfigureAwait(false);
        for (int i = 0; i < candidates.Count - 1; i++)
        {
            try
            {
                return await ConnectToAsync(candidates[i], stopping, cancellationToken).ConfigureAwait(false);
            }
            catch (TransportException exception) when (exception.Error == TransportError.ConnectFailed)
            {
                // The next address may answer.
            }
        }

        return await ConnectToAsync(candidates[^1], stopping, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<IReadOnlyList<IPEndPoint>> ResolveAsync(CancellationToken cancellationToken)
    {
        if (options.RemoteEndPoint is not DnsEndPoint dns)
        {
            return [(IPEndPoint)options.RemoteEndPoint];
        }

        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(dns.Host, dns.AddressFamily, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            throw new TransportException(
                TransportError.ConnectFailed, $"The name '{dns.Host}' could not be resolved: {exception.Message}. Check the name and the machine's DNS settings.", exception);
        }

        IPEndPoint[] usable = [.. addresses
            .Where(address => options.LocalEndPoint is null || options.LocalEndPoint.AddressFamily == address.AddressFamily)
            .Select(address => new IPEndPoint(address, dns.Port))];
        return usable.Length > 0
            ? usable
            : throw new TransportException(TransportError.ConnectFailed, $"The name '{dns.Host}' has no address of the family that can be used from here.");
    }

    private async ValueTask<MsQuicConnection> ConnectToAsync(IPEndPoint remote, CancellationToken stopping, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var check = new CertificateCheck(
            options.Tls.ServerCertificatePolicy, ClientCertificateMode.Required, isServerCertificate: true, options.EffectiveServerName, timeProvider);
        var credit = new StreamCredit();
        long started = timeProvider.GetTimestamp();
        QuicConnection quic;
        try
        {
            SslStreamCertificateContext? identity = options.Tls.Identity is TlsIdentity shown ? credentials.GetContext(shown) : null;
            quic = await HandshakeAsync(MsQuicOptions.CreateClient(options, remote, identity, check, credit), stopping, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or ArgumentException))
        {
            throw Fail(exception, remote, check, timeProvider.GetElapsedTime(started));
        }

        await credit.WhenKnownAsync(PatienceForCredit, timeProvider).ConfigureAwait(false);

        string? serverName = IPAddress.TryParse(options.EffectiveServerName, out _) ? null : options.EffectiveServerName;
        var connection = new MsQuicConnection(
            new ConnectionStart(quic, options, check, credit, serverName, options.Tls.Identity?.Generation ?? 0, IsServer: false), ended);
        TransportDiagnostics.HandshakeCompleted(MsQuicEngine.EngineName, connection, timeProvider.GetElapsedTime(started));
        return connection;
    }

    /// <summary>Does the handshake. The library takes seconds to close one that nobody answers, so a caller that gives up does not wait for that.</summary>
    private async Task<QuicConnection> HandshakeAsync(QuicClientConnectionOptions native, CancellationToken stopping, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(!background.TryEnter(), typeof(MsQuicEngine));

        var giveUp = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task<QuicConnection> handshake;
        try
        {
            handshake = QuicConnection.ConnectAsync(native, giveUp.Token).AsTask();
        }
        catch
        {
            giveUp.Dispose();
            background.Leave();
            throw;
        }

        bool isDone = false;
        try
        {
            QuicConnection quic = await handshake.WaitAsync(options.HandshakeTimeout, timeProvider, cancellationToken).ConfigureAwait(false);
            isDone = true;
            return quic;
        }
        catch (TimeoutException) when (!handshake.IsCompleted)
        {
            throw new QuicException(QuicError.ConnectionTimeout, null, $"The handshake took longer than {options.HandshakeTimeout}.");
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(MsQuicEngine));
        }
        finally
        {
            _ = FinishAsync(handshake, giveUp, isDone);
        }
    }

    private async Task FinishAsync(Task<QuicConnection> handshake, CancellationTokenSource giveUp, bool isDone)
    {
        try
        {
            if (!isDone)
            {
                await giveUp.CancelAsync().ConfigureAwait(false);
                await ((Task)handshake).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (handshake.IsCompletedSuccessfully)
                {
                    await handshake.Result.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
        finally
        {
            giveUp.Dispose();
            background.Leave();
        }
    }

    private TransportException Fail(Exception exception, IPEndPoint remote, CertificateCheck check, TimeSpan duration)
    {
        ErrorMeaning meaning = MsQuicErrors.Translate(exception, ErrorScene.Connecting);
        if (check.Rejection is CertificateRejection rejection)
        {
            meaning = rejection.ToMeaning(meaning.NativeError);
        }

        TransportDiagnostics.HandshakeFailed(MsQuicEngine.EngineName, isServer: false, remote, duration, meaning.ToClose());
        string target = $"{options.EffectiveServerName} at {remote}";
        string message = meaning.Error == TransportError.CertificateRejected
            ? $"The certificate of {target} was refused: {meaning.Reason}."
            : $"Connecting to {target} failed: {meaning.Reason}. Check that a QUIC server listens there, and that it serves one of {string.Join(", ", options.ApplicationProtocols)}.";
        return meaning.ToException(message, check.PolicyFailure ?? exception);
    }
}
