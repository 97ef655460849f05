using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Server.Kestrel;

/// <summary>Turns the TLS options of ASP.NET Core into the engines'. What stays the same from one handshake to the next is the same instance, so that engines derive their credentials once.</summary>
/// <remarks>Identities are told apart by the bytes of their certificates: callbacks often make new objects for the same certificate. Thread-safe.</remarks>
/// <param name="intermediates">Where to look for intermediates of a certificate that comes without them, beside the machine's stores.</param>
internal sealed class SslOptionsTranslator(X509Certificate2Collection intermediates)
{
    /// <summary>How many are remembered; beyond that the memory begins anew.</summary>
    internal const int Capacity = 64;

    private const int TicketKeyLength = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, KnownIdentity> _identities = new(StringComparer.Ordinal);
    private readonly ConditionalWeakTable<object, KnownIdentity> _byCertificate = [];
    private readonly Dictionary<Key, ServerTlsOptions> _options = [];
    private Last? _last;
    private long _generation;

    /// <summary>How many translated options are remembered.</summary>
    internal int Count
    {
        get
        {
            lock (_lock)
            {
                return _options.Count;
            }
        }
    }

    /// <summary>Translates.</summary>
    /// <param name="options">What the callback gave.</param>
    /// <param name="serverName">The name that the client asked for, or "".</param>
    /// <returns>The options.</returns>
    /// <exception cref="NotSupportedException">The options ask for what QUIC, or a check without network, cannot give.</exception>
    /// <exception cref="InvalidOperationException">There is no certificate.</exception>
    internal ServerTlsOptions Translate(SslServerAuthenticationOptions options, string serverName)
    {
        ThrowIfUnsupported(options);
        object certificate = ChooseCertificate(options, serverName);
        var facts = new Facts(options.ClientCertificateRequired, options.RemoteCertificateValidationCallback, options.CertificateChainPolicy, options.CertificateRevocationCheckMode, options.AllowTlsResume);
        if (Volatile.Read(ref _last) is { } last && ReferenceEquals(last.Certificate, certificate) && last.Facts == facts)
        {
            return last.Result;
        }

        lock (_lock)
        {
            KnownIdentity identity = GetIdentity_NeedsLock(certificate);
            var key = new Key(identity, facts);
            if (!_options.TryGetValue(key, out ServerTlsOptions? result))
            {
                Forget_NeedsLock(_options);
                _options.Add(key, result = Create(identity, facts));
            }

            Volatile.Write(ref _last, new Last(certificate, facts, result));
            return result;
        }
    }

    private static void ThrowIfUnsupported(SslServerAuthenticationOptions options)
    {
        if (options.EnabledSslProtocols != SslProtocols.None && !options.EnabledSslProtocols.HasFlag(SslProtocols.Tls13))
        {
            throw new NotSupportedException($"The end point allows only {options.EnabledSslProtocols}, and QUIC is always TLS 1.3 (RFC 9001, section 4.2); allow it, or serve HTTP/1.1 and HTTP/2 only.");
        }

        X509RevocationMode mode = options.CertificateChainPolicy?.RevocationMode ?? options.CertificateRevocationCheckMode;
        if (mode == X509RevocationMode.Online && options.ClientCertificateRequired)
        {
            throw new NotSupportedException("Client certificates cannot be checked for revocation online, as the check would hold up all connections; use X509RevocationMode.Offline or NoCheck.");
        }
    }

    /// <summary>The certificate in the order in which SslStream looks: context, callback, certificate.</summary>
    private static object ChooseCertificate(SslServerAuthenticationOptions options, string serverName)
    {
        object? chosen = (object?)options.ServerCertificateContext
            ?? options.ServerCertificateSelectionCallback?.Invoke(options, serverName)
            ?? options.ServerCertificate;
        return chosen ?? throw new InvalidOperationException(
            $"The end point has no certificate for '{serverName}'; return options with ServerCertificate, ServerCertificateContext or ServerCertificateSelectionCallback.");
    }

    private KnownIdentity GetIdentity_NeedsLock(object certificate)
    {
        if (_byCertificate.TryGetValue(certificate, out KnownIdentity? known))
        {
            return known;
        }

        // Without a context the intermediates are looked for as SslStream does, but not on a network.
        SslStreamCertificateContext context = certificate as SslStreamCertificateContext
            ?? SslStreamCertificateContext.Create(WithPrivateKey((X509Certificate)certificate), intermediates, offline: true);
        string fingerprint = Fingerprint(context);
        if (!_identities.TryGetValue(fingerprint, out known))
        {
            Forget_NeedsLock(_identities);

            // A copy: the application may dispose its own after exchanging it.
            var identity = new TlsIdentity(new X509Certificate2(context.TargetCertificate), context.IntermediateCertificates.Select(static c => new X509Certificate2(c)), ++_generation);
            known = new KnownIdentity(identity, RandomNumberGenerator.GetBytes(TicketKeyLength));
            _identities.Add(fingerprint, known);
        }

        _byCertificate.Add(certificate, known);
        return known;
    }

    private static X509Certificate2 WithPrivateKey(X509Certificate certificate) => certificate is X509Certificate2 { HasPrivateKey: true } withKey
        ? withKey
        : throw new InvalidOperationException($"The certificate '{certificate.Subject}' has no private key; load it together with its key.");

    private static string Fingerprint(SslStreamCertificateContext context)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(context.TargetCertificate.RawDataMemory.Span);
        foreach (X509Certificate2 intermediate in context.IntermediateCertificates)
        {
            hash.AppendData(intermediate.RawDataMemory.Span);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static ServerTlsOptions Create(KnownIdentity identity, Facts facts)
    {
        var policy = new CallbackCertificatePolicy(facts.Callback, facts.ChainPolicy, facts.Revocation);
        return new ServerTlsOptions
        {
            Identity = identity.Identity,
            ClientCertificateMode = !facts.RequiresCertificate ? ClientCertificateMode.None
                : policy.AcceptsNone() ? ClientCertificateMode.Optional
                : ClientCertificateMode.Required,
            ClientCertificatePolicy = facts.RequiresCertificate ? policy : null,

            // One key for each identity: sessions are resumed whatever else changes, but none outlives its certificate.
            TicketKey = identity.TicketKey,
            AllowResumption = facts.AllowsResumption,
        };
    }

    private static void Forget_NeedsLock<TKey, TValue>(Dictionary<TKey, TValue> memory)
        where TKey : notnull
    {
        if (memory.Count >= Capacity)
        {
            memory.Clear();
        }
    }

    private sealed record KnownIdentity(TlsIdentity Identity, byte[] TicketKey);

    private readonly record struct Facts(
        bool RequiresCertificate, RemoteCertificateValidationCallback? Callback, X509ChainPolicy? ChainPolicy, X509RevocationMode Revocation, bool AllowsResumption);

    private readonly record struct Key(KnownIdentity Identity, Facts Facts);

    private sealed record Last(object Certificate, Facts Facts, ServerTlsOptions Result);
}
