namespace Net;

/// <summary>One frozen snapshot of a server's TLS side: identity, trust, ticket key and their generation, swapped whole.</summary>
/// <remarks>Keep and reuse the same instance while it is current: engines cache what they derive from it by reference.</remarks>
public sealed record ServerTlsOptions
{
    /// <summary>The server's certificate and key.</summary>
    /// <remarks>Send the intermediates with it: clients seldom have them. Replace it before the last third of its life.</remarks>
    public required TlsIdentity Identity { get; init; }

    /// <summary>Whether clients show a certificate. Default <see cref="ClientCertificateMode.None"/>.</summary>
    /// <remarks>Require one where all callers are known machines: what cannot show one is then refused before any code of the application runs.</remarks>
    public ClientCertificateMode ClientCertificateMode { get; init; }

    /// <summary>Judges client certificates. Needed unless the mode is <see cref="ClientCertificateMode.None"/>.</summary>
    /// <remarks>Default <c>null</c>. Trust an authority of its own for clients, so that a certificate made for a server opens nothing here.</remarks>
    public PeerCertificatePolicy? ClientCertificatePolicy { get; init; }

    /// <summary>
    /// 64 random bytes from which session ticket keys are derived, shared by servers that resume each other's sessions; empty (the default): the engine makes one for this instance. A new key ends the
    /// resumption of all sessions from before.
    /// </summary>
    /// <remarks>Share one among servers behind one address, or resumption works by luck. Change it about once a day, and whenever the trust becomes narrower.</remarks>
    public ReadOnlyMemory<byte> TicketKey { get; init; }

    /// <summary>Whether session tickets are issued. Default <c>true</c>.</summary>
    /// <remarks>Leave it on: it saves most of a handshake. Turn it off where each connection must prove its identity anew.</remarks>
    public bool AllowResumption { get; init; } = true;

    /// <summary>Whether 0-RTT data is accepted, behind the engine's anti-replay window. Default <c>false</c>: it may only carry work that can be done twice.</summary>
    /// <remarks>Turn it on only where handlers look at whether a stream came early, or where all that may come early may be done twice.</remarks>
    public bool AllowEarlyData { get; init; }

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(ServerTlsOptions));
        if (Identity is null)
        {
            faults.Add(nameof(Identity), "is null; a server needs a certificate.");
        }

        if (ClientCertificateMode != ClientCertificateMode.None && ClientCertificatePolicy is null)
        {
            faults.Add(nameof(ClientCertificatePolicy), $"is null; mode {ClientCertificateMode} needs a policy that judges client certificates, such as CertificateTrust.");
        }

        if (TicketKey.Length is not (0 or 64))
        {
            faults.Add(nameof(TicketKey), $"has {TicketKey.Length} bytes; it must be empty or have 64.");
        }

        if (AllowEarlyData && !AllowResumption)
        {
            faults.Add(nameof(AllowEarlyData), "needs AllowResumption.");
        }

        faults.ThrowIfAny();
    }
}
