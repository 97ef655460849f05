using System.Security.Cryptography.X509Certificates;
using Net.Security;

namespace Net.Chaos.Running;

/// <summary>Identity and trust of one client: files that are watched as an application's are. Notes which certificates handshakes show.</summary>
internal sealed class ClientIdentity : ClientTlsSource, IAsyncDisposable
{
    private readonly CertificateSource _source;
    private readonly HandshakeLog _handshakes;
    private Wrapped _wrapped;
    private long _refusals;

    private ClientIdentity(CertificateSource source, HandshakeLog handshakes)
    {
        _source = source;
        _handshakes = handshakes;
        _wrapped = Wrap(source.Current.Client!);
        source.Changed += (_, _) => Changed?.Invoke(this, EventArgs.Empty);
        source.Refused += (_, _) => Interlocked.Increment(ref _refusals);
    }

    public override event EventHandler? Changed;

    /// <summary>What the next handshake uses; who reads it is taken to begin one.</summary>
    public override ClientTlsOptions Current
    {
        get
        {
            ClientTlsOptions inner = _source.Client.Current;
            Wrapped wrapped = Volatile.Read(ref _wrapped);
            if (!ReferenceEquals(wrapped.Inner, inner))
            {
                // Two threads may each make one, which costs an engine a cached context and nothing else.
                wrapped = Wrap(inner);
                Volatile.Write(ref _wrapped, wrapped);
            }

            if (inner.Identity is { } identity)
            {
                _handshakes.Show(identity.Certificate.SerialNumber);
            }

            return wrapped.Options;
        }
    }

    public override long Generation => _source.Client.Generation;

    public override ConnectionGuard? Guard => _source.Client.Guard;

    /// <summary>The certificate in use.</summary>
    internal string? Serial => _source.Current.Client!.Identity?.Certificate.SerialNumber;

    /// <summary>How often new content of the files was refused.</summary>
    internal long Refusals => Interlocked.Read(ref _refusals);

    /// <summary>Reads the client's files and watches them.</summary>
    /// <exception cref="RunException">They cannot be used.</exception>
    internal static ClientIdentity Open(string name, string authority, string certificate, string key, bool resumes, HandshakeLog handshakes, TimeProvider timeProvider)
    {
        try
        {
            CertificateSource source = CertificateSource.Open(new CertificateSourceOptions
            {
                Name = name,
                Identities = [IdentityInput.FromPemFiles(certificate, key)],
                TrustFiles = [authority],
                Role = CertificateRole.Client,

                // A handshake that resumes shows no certificate.
                AllowResumption = resumes,
                TimeProvider = timeProvider,
            });
            return new ClientIdentity(source, handshakes);
        }
        catch (CertificateSourceException exception)
        {
            throw new RunException($"{name}: {exception.Message}", exception);
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private Wrapped Wrap(ClientTlsOptions inner) => new(inner, inner with { ServerCertificatePolicy = new Watch(_handshakes, inner.ServerCertificatePolicy) });

    private sealed record Wrapped(ClientTlsOptions Inner, ClientTlsOptions Options);

    private sealed class Watch(HandshakeLog handshakes, PeerCertificatePolicy inner) : PeerCertificatePolicy
    {
        public override long Generation => inner.Generation;

        public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context)
        {
            if (context.Chain.Count > 0)
            {
                using X509Certificate2 leaf = X509CertificateLoader.LoadCertificate(context.Chain[0].Span);
                handshakes.Show(leaf.SerialNumber);
            }

            return inner.Evaluate(context);
        }
    }
}
