using System.Buffers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Net.Server.Kestrel;

// What Kestrel and applications ask of a connection by its features.
internal sealed partial class TransportConnectionContext
    : IProtocolErrorCodeFeature, ITlsConnectionFeature, ITlsHandshakeFeature, ITlsApplicationProtocolFeature, IMemoryPoolFeature,
      IConnectionIdFeature, IConnectionItemsFeature, IConnectionLifetimeFeature, ITransportConnectionFeature
{
    private readonly FeatureCollection _features = new();
    private IDictionary<object, object?>? _items;
    private long _error = -1;
    private X509Certificate2? _clientCertificate;

    /// <summary>The code that Kestrel sets before it aborts, or the one that the peer closed with; -1 when there is none.</summary>
    public long Error
    {
        get => Volatile.Read(ref _error);
        set => Volatile.Write(ref _error, value);
    }

    public X509Certificate2? ClientCertificate
    {
        get => _clientCertificate ?? _connection.PeerCertificate;
        set => _clientCertificate = value;
    }

    public SslProtocols Protocol => SslProtocols.Tls13;

    public TlsCipherSuite? NegotiatedCipherSuite =>
        Enum.TryParse(_connection.CipherSuite, out TlsCipherSuite suite) ? suite : null;

    public string HostName => _connection.ServerName ?? "";

    public ReadOnlyMemory<byte> ApplicationProtocol => Encoding.ASCII.GetBytes(_connection.ApplicationProtocol);

    public MemoryPool<byte> MemoryPool => _scope.MemoryPool;

    public TransportConnection Connection => _connection;

#pragma warning disable SYSLIB0058 // The interface has these members from the time before TLS 1.3; NegotiatedCipherSuite is what counts.
    CipherAlgorithmType ITlsHandshakeFeature.CipherAlgorithm => CipherAlgorithmType.None;

    int ITlsHandshakeFeature.CipherStrength => 0;

    HashAlgorithmType ITlsHandshakeFeature.HashAlgorithm => HashAlgorithmType.None;

    int ITlsHandshakeFeature.HashStrength => 0;

    ExchangeAlgorithmType ITlsHandshakeFeature.KeyExchangeAlgorithm => ExchangeAlgorithmType.None;

    int ITlsHandshakeFeature.KeyExchangeStrength => 0;
#pragma warning restore SYSLIB0058

    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);

    private void SetFeatures()
    {
        _features.Set<IProtocolErrorCodeFeature>(this);
        _features.Set<ITlsConnectionFeature>(this);
        _features.Set<ITlsHandshakeFeature>(this);
        _features.Set<ITlsApplicationProtocolFeature>(this);
        _features.Set<IMemoryPoolFeature>(this);
        _features.Set<IConnectionIdFeature>(this);
        _features.Set<IConnectionItemsFeature>(this);
        _features.Set<IConnectionLifetimeFeature>(this);
        _features.Set<ITransportConnectionFeature>(this);
    }
}
