using System.Security.Cryptography.X509Certificates;

namespace Net.Chaos.Running;

/// <summary>Identity and trust of one client, rotated when the scenario says so. Notes which certificates servers showed.</summary>
internal sealed class ClientIdentity : ClientTlsSource
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _seen = new(StringComparer.OrdinalIgnoreCase);
    private readonly CertificateTrust _trust;
    private ClientTlsOptions _current;
    private long _generation;

    /// <summary>Reads the client's files.</summary>
    internal ClientIdentity(string authority, string certificate, string key)
    {
        _trust = CertificateTrust.FromPemFile(authority);
        _current = Make(TlsIdentity.FromPemFiles(certificate, key));
    }

    public override event EventHandler? Changed;

    public override ClientTlsOptions Current => Volatile.Read(ref _current);

    public override long Generation => Interlocked.Read(ref _generation);

    /// <summary>Takes the files' new certificate.</summary>
    /// <exception cref="Exception">The files do not fit together, as <see cref="TlsIdentity.FromPemFiles"/> says; the old certificate stays.</exception>
    internal void Reload(string certificate, string key)
    {
        ClientTlsOptions next = Make(TlsIdentity.FromPemFiles(certificate, key, Generation + 1));
        Volatile.Write(ref _current, next);
        Interlocked.Increment(ref _generation);
        Changed?.Invoke(this, EventArgs.Empty);
    }

    /// <summary>How many handshakes showed the server certificate of a serial number.</summary>
    internal int CountSeen(string serial)
    {
        lock (_lock)
        {
            return _seen.GetValueOrDefault(serial);
        }
    }

    private ClientTlsOptions Make(TlsIdentity identity) => new() { Identity = identity, ServerCertificatePolicy = new Watch(this) };

    private void Note(in PeerCertificateContext context)
    {
        if (context.Chain.Count > 0)
        {
            using X509Certificate2 leaf = X509CertificateLoader.LoadCertificate(context.Chain[0].Span);
            lock (_lock)
            {
                _seen[leaf.SerialNumber] = _seen.GetValueOrDefault(leaf.SerialNumber) + 1;
            }
        }
    }

    private sealed class Watch(ClientIdentity owner) : PeerCertificatePolicy
    {
        public override long Generation => owner._trust.Generation;

        public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context)
        {
            owner.Note(context);
            return owner._trust.Evaluate(context);
        }
    }
}
