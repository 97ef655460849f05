using System.Security.Cryptography.X509Certificates;

namespace Net.Ngtcp2;

/// <summary>The peer's leaf certificate, parsed when somebody first asks for it: OpenSSL takes longer for that than a loop for all else that it does for a handshake in C#. Thread-safe.</summary>
/// <param name="encoded">DER.</param>
internal sealed class PeerLeaf(ReadOnlyMemory<byte> encoded) : IDisposable
{
    private readonly Lock _lock = new();
    private X509Certificate2? _certificate;
    private bool _isDisposed;

    /// <summary>The certificate; a disposed one after <see cref="Dispose"/>.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">GnuTLS and the policy took it, but OpenSSL cannot read it.</exception>
    internal X509Certificate2 Certificate
    {
        get
        {
            lock (_lock)
            {
                if (_certificate is null)
                {
                    _certificate = X509CertificateLoader.LoadCertificate(encoded.Span);
                    if (_isDisposed)
                    {
                        _certificate.Dispose();
                    }
                }

                return _certificate;
            }
        }
    }

    /// <summary>Whether it is this one.</summary>
    internal bool Is(ReadOnlyMemory<byte> other) => encoded.Span.SequenceEqual(other.Span);

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _certificate?.Dispose();
        }
    }
}
