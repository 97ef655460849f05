using System.IO.Pipelines;
using System.Net;
using Net.Chaos.Running.Hosts;
using Net.Client;

namespace Net.Chaos.Running;

/// <summary>Makes handshakes of its own with hosts, past pools and proxies, over QUIC and over TCP.</summary>
internal sealed class HandshakeProbe : IAsyncDisposable
{
    private const string ServerName = "localhost";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly TransportEngine[] _engines;

    /// <param name="quic">Speaks QUIC, and becomes the probe's; <c>null</c>: none runs here.</param>
    /// <param name="hasTcp">Whether the hosts carry raw streams over TCP, too.</param>
    /// <param name="timeProvider">The clock.</param>
    internal HandshakeProbe(TransportEngine? quic, bool hasTcp, TimeProvider timeProvider)
    {
        _engines = [.. (IEnumerable<TransportEngine>)(quic is null ? [] : [quic]), .. (IEnumerable<TransportEngine>)(hasTcp ? [new TcpEngine(timeProvider)] : [])];
    }

    /// <summary>Transports on which each host is asked.</summary>
    internal int Transports => _engines.Length;

    /// <summary>The serial numbers of the certificates that a host shows, one for each transport; "" where no connection came about.</summary>
    internal async Task<IReadOnlyList<string>> AskAsync(IRunHost host, ClientIdentity client, CancellationToken cancellationToken)
    {
        var serials = new List<string>();
        foreach (TransportEngine engine in _engines)
        {
            using CancellationTokenSource limit = Begin(cancellationToken);
            try
            {
                TransportConnection connection = await engine.ConnectAsync(To(IPEndPoint.Parse(host.EndPoint), client.Current), limit.Token).ConfigureAwait(false);
                await using (connection.ConfigureAwait(false))
                {
                    if (engine is not TcpEngine && !engine.Capabilities.HasFlag(EngineCapabilities.ConfirmedConnect))
                    {
                        // The server may still be judging: whoever leaves now is no client that it served.
                        await EchoAsync(connection, limit.Token).ConfigureAwait(false);
                    }

                    serials.Add(connection.PeerCertificate?.SerialNumber ?? "");
                }
            }
            catch (Exception exception) when (IsFailure(exception, cancellationToken))
            {
                serials.Add("");
            }
        }

        return serials;
    }

    /// <summary>Whether a host serves who shows an identity, for each transport.</summary>
    internal async Task<IReadOnlyList<ProbeAnswer>> ShowAsync(IRunHost host, ClientTlsOptions tls, CancellationToken cancellationToken)
    {
        var answers = new List<ProbeAnswer>();
        foreach (TransportEngine engine in _engines)
        {
            using CancellationTokenSource limit = Begin(cancellationToken);

            // Over TCP a server that refuses a certificate ends the connection without saying why.
            bool isEndRefusal = engine is TcpEngine;
            answers.Add(await AnswerAsync(() => EchoAsync(engine, IPEndPoint.Parse(host.EndPoint), tls, limit.Token), isEndRefusal, cancellationToken).ConfigureAwait(false));
        }

        return answers;
    }

    /// <summary>Whether a client takes a server that shows an identity.</summary>
    internal async Task<ProbeAnswer> OfferAsync(ClientTlsOptions client, TlsIdentity server, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = Begin(cancellationToken);
        var options = new ServerTlsOptions { Identity = server };
        TransportListener listener = await _engines[0].ListenAsync(
            new ListenOptions { LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 0), ApplicationProtocols = [RawStreamProtocol.ApplicationProtocol], Tls = (in ClientHello _) => options },
            limit.Token).ConfigureAwait(false);
        await using (listener.ConfigureAwait(false))
        {
            return await AnswerAsync(
                async () =>
                {
                    TransportConnection connection = await _engines[0].ConnectAsync(To(listener.LocalEndPoint, client), limit.Token).ConfigureAwait(false);
                    await connection.DisposeAsync().ConfigureAwait(false);
                },
                isEndRefusal: false,
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Opens a QUIC connection past pools and proxies. The caller owns it.</summary>
    /// <exception cref="RunException">The host does not take it.</exception>
    internal async Task<TransportConnection> ConnectAsync(IPEndPoint endPoint, string applicationProtocol, ClientIdentity client, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = Begin(cancellationToken);
        try
        {
            return await _engines[0].ConnectAsync(To(endPoint, client.Current) with { ApplicationProtocols = [applicationProtocol], Limits = TransportLimits.Default }, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsFailure(exception, cancellationToken))
        {
            throw new RunException($"{endPoint} takes no connection for '{applicationProtocol}': {exception.Message}", exception);
        }
    }

    /// <summary>Begins a handshake with somebody who is not expected to answer.</summary>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    internal async Task KnockAsync(IPEndPoint endPoint, ClientIdentity client, CancellationToken cancellationToken)
    {
        TransportConnection connection = await _engines[0].ConnectAsync(To(endPoint, client.Current), cancellationToken).ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (TransportEngine engine in _engines)
        {
            await engine.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static ConnectOptions To(IPEndPoint endPoint, ClientTlsOptions tls) => new()
    {
        RemoteEndPoint = endPoint,
        ServerName = ServerName,
        ApplicationProtocols = [RawStreamProtocol.ApplicationProtocol],
        Tls = tls,
        Limits = RawStreamProtocol.ClientLimits,
    };

    private static bool IsFailure(Exception exception, CancellationToken cancellationToken) =>
        exception is TransportException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    // A server may refuse a client's certificate a moment after the client's handshake is done: only what comes back shows that it serves.
    private static async Task EchoAsync(TransportEngine engine, IPEndPoint endPoint, ClientTlsOptions tls, CancellationToken cancellationToken)
    {
        TransportConnection connection = await engine.ConnectAsync(To(endPoint, tls), cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                await EchoAsync(connection, cancellationToken).ConfigureAwait(false);
            }
            catch (TransportException)
            {
                // What became of the connection says more than what became of the stream on it.
                throw (await connection.Closed.WaitAsync(cancellationToken).ConfigureAwait(false)).ToException();
            }
        }
    }

    private static async Task EchoAsync(TransportConnection connection, CancellationToken cancellationToken)
    {
        RawStream stream = await new RawStreamClient(connection).OpenAsync(Loads.RawLoad.Route, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await stream.Output.WriteAsync(new byte[] { 1 }, cancellationToken).ConfigureAwait(false);
            ReadResult read = await stream.Input.ReadAtLeastAsync(1, cancellationToken).ConfigureAwait(false);
            if (read.Buffer.Length == 0)
            {
                throw new TransportException(TransportError.StreamReset, "The echo ended although a byte was to come.");
            }

            stream.Input.AdvanceTo(read.Buffer.End);
        }
    }

    private static async Task<ProbeAnswer> AnswerAsync(Func<Task> connect, bool isEndRefusal, CancellationToken cancellationToken)
    {
        try
        {
            await connect().ConfigureAwait(false);
            return ProbeAnswer.Taken;
        }
        catch (TransportException exception) when (exception.Error == TransportError.CertificateRejected || (isEndRefusal && exception.Error == TransportError.ConnectionLost))
        {
            return ProbeAnswer.Refused;
        }
        catch (Exception exception) when (IsFailure(exception, cancellationToken))
        {
            return ProbeAnswer.Unreached;
        }
    }

    private static CancellationTokenSource Begin(CancellationToken cancellationToken)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        return limit;
    }
}
