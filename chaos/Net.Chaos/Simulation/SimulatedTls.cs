namespace Net.Chaos.Simulation;

/// <summary>A client's identity and trust, which a fault changes.</summary>
/// <param name="make">Makes the options of a generation.</param>
internal sealed class SimulatedTls(Func<long, ClientTlsOptions> make) : ClientTlsSource
{
    private ClientTlsOptions _current = make(0);
    private long _generation;
    private long _oldest;

    public override ClientTlsOptions Current => _current;

    public override long Generation => _generation;

    public override long OldestTrustedGeneration => _oldest;

    public override event EventHandler? Changed;

    /// <summary>Changes the identity.</summary>
    /// <param name="withdraws">Whether connections of the old one are to be cut.</param>
    internal void Rotate(bool withdraws)
    {
        _current = make(_generation + 1);
        _generation++;
        _oldest = withdraws ? _generation : _oldest;
        Changed?.Invoke(this, EventArgs.Empty);
    }
}
