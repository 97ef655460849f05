namespace Net.Testing;

/// <summary>Identity and trust that a test changes.</summary>
public sealed class FakeTlsSource : ClientTlsSource
{
    private ClientTlsOptions _current = New();
    private long _generation;
    private long _oldest;

    /// <inheritdoc/>
    public override ClientTlsOptions Current => Volatile.Read(ref _current);

    /// <inheritdoc/>
    public override long Generation => Volatile.Read(ref _generation);

    /// <inheritdoc/>
    public override long OldestTrustedGeneration => Volatile.Read(ref _oldest);

    /// <inheritdoc/>
    public override event EventHandler? Changed;

    /// <summary>How many listen.</summary>
    public int Listeners => Changed?.GetInvocationList().Length ?? 0;

    /// <summary>Changes identity or trust.</summary>
    /// <param name="revokes">Whether what was trusted before no longer is.</param>
    public void Rotate(bool revokes = false)
    {
        Volatile.Write(ref _current, New());
        long generation = Interlocked.Increment(ref _generation);
        if (revokes)
        {
            Volatile.Write(ref _oldest, generation);
        }

        Changed?.Invoke(this, EventArgs.Empty);
    }

    private static ClientTlsOptions New() => new() { ServerCertificatePolicy = new AcceptAll() };

    private sealed class AcceptAll : PeerCertificatePolicy
    {
        public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context) => PeerCertificateVerdict.Accepted;
    }
}
