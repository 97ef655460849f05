using System.Net.Quic;
using System.Net.Security;
using System.Numerics;
using System.Runtime.Versioning;

namespace Net.MsQuic.Internal;

/// <summary>Translates options of ours into those of System.Net.Quic, and refuses what it has no setting for.</summary>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
internal static class MsQuicOptions
{
    /// <summary>Throws when a client's options ask for what this engine cannot do.</summary>
    /// <param name="options">The options.</param>
    /// <exception cref="NotSupportedException">Lists everything that cannot be had.</exception>
    internal static void ThrowIfNotSupported(ConnectOptions options) => ThrowIfAny(CollectCommon(options));

    /// <summary>Throws when a server's options ask for what this engine cannot do.</summary>
    /// <param name="options">The options.</param>
    /// <exception cref="NotSupportedException">Lists everything that cannot be had.</exception>
    internal static void ThrowIfNotSupported(ListenOptions options)
    {
        List<string> lacks = CollectCommon(options);
        if (!options.StaticSecret.IsEmpty)
        {
            lacks.Add($"{nameof(options.StaticSecret)} is set, but the library makes its own secret for each process");
        }

        if (options.RetryThreshold == 0)
        {
            lacks.Add($"{nameof(options.RetryThreshold)} is 0, but the library alone decides when a client must prove its address");
        }

        ThrowIfAny(lacks);
    }

    /// <summary>Makes the client's options.</summary>
    /// <param name="options">The options of ours; <see cref="ConnectOptions.RemoteEndPoint"/> is not looked at.</param>
    /// <param name="remote">The address to connect to.</param>
    /// <param name="identity">What the client shows, or <c>null</c>.</param>
    /// <param name="check">Judges the server.</param>
    /// <param name="credit">Learns of stream credit.</param>
    /// <returns>The options.</returns>
    internal static QuicClientConnectionOptions CreateClient(
        ConnectOptions options, System.Net.IPEndPoint remote, SslStreamCertificateContext? identity, CertificateCheck check, StreamCredit credit)
    {
        var result = new QuicClientConnectionOptions
        {
            RemoteEndPoint = remote,
            LocalEndPoint = options.LocalEndPoint,
            ClientAuthenticationOptions = new SslClientAuthenticationOptions
            {
                ApplicationProtocols = ToProtocols(options),
                TargetHost = options.EffectiveServerName,
                ClientCertificateContext = identity,
                CertificateChainPolicy = CertificateCheck.CreateChainPolicy(),
                RemoteCertificateValidationCallback = check.Validate,
            },
        };
        ApplyCommon(result, options, credit);
        return result;
    }

    /// <summary>Makes the options of one inbound connection.</summary>
    /// <param name="options">The listener's options.</param>
    /// <param name="tls">The TLS side chosen for this handshake.</param>
    /// <param name="identity">What the server shows.</param>
    /// <param name="check">Judges the client.</param>
    /// <param name="credit">Learns of stream credit.</param>
    /// <returns>The options.</returns>
    internal static QuicServerConnectionOptions CreateServer(
        ListenOptions options, ServerTlsOptions tls, SslStreamCertificateContext identity, CertificateCheck check, StreamCredit credit)
    {
        var result = new QuicServerConnectionOptions
        {
            ServerAuthenticationOptions = new SslServerAuthenticationOptions
            {
                ApplicationProtocols = ToProtocols(options),
                ServerCertificateContext = identity,
                ClientCertificateRequired = tls.ClientCertificateMode != ClientCertificateMode.None,
                CertificateChainPolicy = CertificateCheck.CreateChainPolicy(),
                RemoteCertificateValidationCallback = check.Validate,
            },
        };
        ApplyCommon(result, options, credit);
        return result;
    }

    /// <summary>The application protocols in the form that System.Net.Quic wants.</summary>
    /// <param name="options">The options.</param>
    /// <returns>A new list.</returns>
    internal static List<SslApplicationProtocol> ToProtocols(TransportOptions options) =>
        [.. options.ApplicationProtocols.Select(name => new SslApplicationProtocol(name))];

    private static void ApplyCommon(QuicConnectionOptions result, TransportOptions options, StreamCredit credit)
    {
        TransportLimits limits = options.Limits;
        result.DefaultCloseErrorCode = options.DefaultCloseErrorCode;
        result.DefaultStreamErrorCode = options.DefaultStreamErrorCode;
        result.HandshakeTimeout = options.HandshakeTimeout;
        result.IdleTimeout = options.IdleTimeout;
        result.KeepAliveInterval = options.KeepAliveInterval;
        result.MaxInboundBidirectionalStreams = limits.MaxInboundBidirectionalStreams;

        // Only the wait for inbound streams tells the end of a connection, and System.Net.Quic refuses that wait where no stream could come.
        // So one is let in then, and aborted at once.
        result.MaxInboundUnidirectionalStreams = AcceptsNoStreams(limits) ? 1 : limits.MaxInboundUnidirectionalStreams;
        result.InitialReceiveWindowSizes = new QuicReceiveWindowSizes
        {
            Connection = RoundDown(limits.ConnectionReceiveWindow),
            LocallyInitiatedBidirectionalStream = RoundDown(limits.StreamReceiveWindow),
            RemotelyInitiatedBidirectionalStream = RoundDown(limits.StreamReceiveWindow),
            UnidirectionalStream = RoundDown(limits.StreamReceiveWindow),
        };
        result.StreamCapacityCallback = (_, change) => credit.Add(change.BidirectionalIncrement, change.UnidirectionalIncrement);
    }

    /// <summary>Whether the peer may open no stream at all.</summary>
    /// <param name="limits">The limits.</param>
    /// <returns>Whether both kinds are forbidden.</returns>
    internal static bool AcceptsNoStreams(TransportLimits limits) => limits is { MaxInboundBidirectionalStreams: 0, MaxInboundUnidirectionalStreams: 0 };

    /// <summary>The largest power of two that is not larger: the library takes no other windows, and a limit is never exceeded.</summary>
    private static int RoundDown(int value) => 1 << BitOperations.Log2((uint)value);

    private static List<string> CollectCommon(TransportOptions options)
    {
        List<string> lacks = [];
        AddLack(
            lacks, options.InlineContinuations, $"{nameof(options.InlineContinuations)} is on, but the library's threads are not open to applications",
            EngineCapabilities.InlineContinuations);
        AddLack(
            lacks, options.CongestionControl != CongestionControl.Cubic, $"{nameof(options.CongestionControl)} is {options.CongestionControl}, but only Cubic can be had",
            EngineCapabilities.CongestionControlChoice);
        AddLack(lacks, options.KeyLogFile is not null, $"{nameof(options.KeyLogFile)} is set, but a connection has no key log", EngineCapabilities.KeyLog);
        AddLack(
            lacks, !options.Versions.Contains(QuicVersion.Version1), $"{nameof(options.Versions)} leaves Version1 out, but no other can be asked for",
            EngineCapabilities.Version2);
        TransportLimits limits = options.Limits;
        AddLack(
            lacks, limits.MaxDatagramSize > 0, $"{nameof(options.Limits)}.{nameof(limits.MaxDatagramSize)} is {limits.MaxDatagramSize}, but there are no datagrams",
            EngineCapabilities.Datagrams);
        AddStreamLimit(lacks, nameof(limits.MaxInboundBidirectionalStreams), limits.MaxInboundBidirectionalStreams);
        AddStreamLimit(lacks, nameof(limits.MaxInboundUnidirectionalStreams), limits.MaxInboundUnidirectionalStreams);
        return lacks;
    }

    private static void AddLack(List<string> lacks, bool isAskedFor, string what, EngineCapabilities capability)
    {
        if (isAskedFor)
        {
            lacks.Add($"{what} ({nameof(EngineCapabilities)}.{capability})");
        }
    }

    private static void AddStreamLimit(List<string> lacks, string property, int value)
    {
        if (value > ushort.MaxValue)
        {
            lacks.Add($"{nameof(TransportOptions.Limits)}.{property} is {value}, but at most {ushort.MaxValue} streams can be allowed");
        }
    }

    private static void ThrowIfAny(List<string> lacks)
    {
        if (lacks.Count > 0)
        {
            throw new NotSupportedException(
                $"The {MsQuicEngine.EngineName} engine cannot do what these options ask for; choose another engine or leave them out: {string.Join("; ", lacks)}.");
        }
    }
}
