using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Testing;

/// <summary>Certificates made in memory: a root, an intermediate, good identities for both roles, and one wrong in each way that a policy must notice.</summary>
/// <remarks>
/// Good certificates hold from 2020 to 2099, so that they serve under the system's clock and under a virtual one. Keys are exportable.
/// A key that does not belong to its certificate cannot be made here: <see cref="TlsIdentity"/> takes both as one object.
/// Members are made when first asked for.
/// </remarks>
public sealed class TestCertificates
{
    /// <summary>The name that server certificates hold beside <c>localhost</c>, <c>127.0.0.1</c> and <c>::1</c>: any label under <c>test.example</c>.</summary>
    public const string WildcardName = "*.test.example";

    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private static readonly DateTimeOffset Begin = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset End = new(2099, 12, 31, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] GoodNames = ["localhost", "127.0.0.1", "::1", WildcardName];
    private static readonly Lazy<TestCertificates> SharedLazy = new(() => new TestCertificates());

    private readonly TestKeyKind _kind;
    private readonly Lazy<Authority> _authority;
    private readonly Lazy<Authority> _otherAuthority;
    private readonly Lazy<TlsIdentity>[] _identities;
    private int _serial;

    /// <summary>Makes a set of its own.</summary>
    /// <param name="kind">The kind of its keys.</param>
    public TestCertificates(TestKeyKind kind = TestKeyKind.P256)
    {
        _kind = kind;
        _authority = new(() => new Authority(this, "Net test"));
        _otherAuthority = new(() => new Authority(this, "Other"));
        _identities =
        [
            new(() => CreateServer()), new(() => CreateClient()),
            new(() => CreateSelfSigned(ServerUsage)), new(() => CreateSelfSigned(ClientUsage)),
            new(() => Issue(_otherAuthority.Value, ServerUsage, GoodNames, Begin, End, 0)), new(() => Issue(_otherAuthority.Value, ClientUsage, [], Begin, End, 0)),
            new(() => Issue(_authority.Value, ServerUsage, GoodNames, Begin, Begin.AddMonths(1), 0)), new(() => Issue(_authority.Value, ClientUsage, [], Begin, Begin.AddMonths(1), 0)),
            new(() => Issue(_authority.Value, ServerUsage, GoodNames, End.AddMonths(-1), End, 0)), new(() => Issue(_authority.Value, ClientUsage, [], End.AddMonths(-1), End, 0)),
            new(() => Issue(_authority.Value, ClientUsage, GoodNames, Begin, End, 0)), new(() => Issue(_authority.Value, ServerUsage, GoodNames, Begin, End, 0)),
            new(() => CreateServer(names: ["elsewhere.invalid"])),
        ];
    }

    /// <summary>One P-256 set for all tests of the process.</summary>
    public static TestCertificates Shared => SharedLazy.Value;

    /// <summary>The root that good identities lead to.</summary>
    public X509Certificate2 Root => _authority.Value.Root;

    /// <summary>The intermediate that issued the good identities and stands in their chains.</summary>
    public X509Certificate2 Intermediate => _authority.Value.Intermediate;

    /// <summary>What a side trusts that accepts the good identities.</summary>
    public X509Certificate2Collection Roots => [_authority.Value.Root];

    /// <summary>What a side trusts that accepts only the other authority's identities.</summary>
    public X509Certificate2Collection OtherRoots => [_otherAuthority.Value.Root];

    /// <summary>A good server: localhost, 127.0.0.1, ::1, *.test.example.</summary>
    public TlsIdentity Server => _identities[0].Value;

    /// <summary>A good client.</summary>
    public TlsIdentity Client => _identities[1].Value;

    /// <summary>A server that signed itself.</summary>
    public TlsIdentity SelfSignedServer => _identities[2].Value;

    /// <summary>A client that signed itself.</summary>
    public TlsIdentity SelfSignedClient => _identities[3].Value;

    /// <summary>A server of an authority that is not trusted.</summary>
    public TlsIdentity OtherAuthorityServer => _identities[4].Value;

    /// <summary>A client of an authority that is not trusted.</summary>
    public TlsIdentity OtherAuthorityClient => _identities[5].Value;

    /// <summary>A server past its time.</summary>
    public TlsIdentity ExpiredServer => _identities[6].Value;

    /// <summary>A client past its time.</summary>
    public TlsIdentity ExpiredClient => _identities[7].Value;

    /// <summary>A server before its time.</summary>
    public TlsIdentity NotYetValidServer => _identities[8].Value;

    /// <summary>A client before its time.</summary>
    public TlsIdentity NotYetValidClient => _identities[9].Value;

    /// <summary>A certificate for clients, with a server's names.</summary>
    public TlsIdentity WrongUsageServer => _identities[10].Value;

    /// <summary>A certificate for servers, to be shown by a client.</summary>
    public TlsIdentity WrongUsageClient => _identities[11].Value;

    /// <summary>A server whose only name is elsewhere.invalid.</summary>
    public TlsIdentity WrongNameServer => _identities[12].Value;

    /// <summary>Makes a server identity under the good authority.</summary>
    /// <param name="generation">Its generation.</param>
    /// <param name="names">DNS names and addresses; <c>null</c>: the usual ones.</param>
    /// <returns>A new identity with a new key.</returns>
    public TlsIdentity CreateServer(long generation = 0, IEnumerable<string>? names = null) =>
        Issue(_authority.Value, ServerUsage, names ?? GoodNames, Begin, End, generation);

    /// <summary>Makes a server identity under the good authority that holds for a time of the caller's.</summary>
    /// <param name="notBefore">From when.</param>
    /// <param name="notAfter">Until when.</param>
    /// <param name="generation">Its generation.</param>
    /// <returns>A new identity with a new key.</returns>
    public TlsIdentity CreateServer(DateTimeOffset notBefore, DateTimeOffset notAfter, long generation = 0) =>
        Issue(_authority.Value, ServerUsage, GoodNames, notBefore, notAfter, generation);

    /// <summary>Makes a client identity under the good authority.</summary>
    /// <param name="generation">Its generation.</param>
    /// <param name="name">Its common name.</param>
    /// <returns>A new identity with a new key.</returns>
    public TlsIdentity CreateClient(long generation = 0, string name = "client") =>
        Issue(_authority.Value, ClientUsage, [], Begin, End, generation, name);

    private TlsIdentity Issue(
        Authority authority, string usage, IEnumerable<string> names, DateTimeOffset notBefore, DateTimeOffset notAfter, long generation, string? commonName = null)
    {
        using AsymmetricAlgorithm key = CreateKey();
        CertificateRequest request = CreateLeafRequest(commonName ?? (usage == ServerUsage ? "server" : "client"), key, usage, names);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority.Intermediate, true, false));
        using X509Certificate2 bare = request.Create(
            authority.Intermediate.SubjectName, authority.Generator, notBefore, notAfter, NextSerial());
        return new TlsIdentity(WithKey(bare, key), [authority.Intermediate], generation);
    }

    private TlsIdentity CreateSelfSigned(string usage)
    {
        using AsymmetricAlgorithm key = CreateKey();
        CertificateRequest request = CreateLeafRequest("alone", key, usage, GoodNames);
        return new TlsIdentity(request.CreateSelfSigned(Begin, End));
    }

    private static CertificateRequest CreateLeafRequest(string commonName, AsymmetricAlgorithm key, string usage, IEnumerable<string> names)
    {
        CertificateRequest request = CreateRequest(commonName, key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var alternative = new SubjectAlternativeNameBuilder();
        bool any = false;
        foreach (string name in names)
        {
            any = true;
            if (IPAddress.TryParse(name, out IPAddress? address))
            {
                alternative.AddIpAddress(address);
            }
            else
            {
                alternative.AddDnsName(name);
            }
        }

        if (any)
        {
            request.CertificateExtensions.Add(alternative.Build());
        }

        return request;
    }

    private static CertificateRequest CreateRequest(string commonName, AsymmetricAlgorithm key)
    {
        var name = new X500DistinguishedName($"CN={commonName}");
        return key is RSA rsa
            ? new CertificateRequest(name, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(name, (ECDsa)key, HashAlgorithmName.SHA256);
    }

    private static X509Certificate2 WithKey(X509Certificate2 certificate, AsymmetricAlgorithm key) =>
        key is RSA rsa ? certificate.CopyWithPrivateKey(rsa) : certificate.CopyWithPrivateKey((ECDsa)key);

    private AsymmetricAlgorithm CreateKey() => _kind switch
    {
        TestKeyKind.Rsa2048 => RSA.Create(2048),
        TestKeyKind.P384 => ECDsa.Create(ECCurve.NamedCurves.nistP384),
        _ => ECDsa.Create(ECCurve.NamedCurves.nistP256),
    };

    private byte[] NextSerial()
    {
        byte[] serial = new byte[16];
        RandomNumberGenerator.Fill(serial);
        serial[0] = 0x40;
        serial[15] = (byte)Interlocked.Increment(ref _serial);
        return serial;
    }

    /// <summary>A root and the one intermediate under it.</summary>
    private sealed class Authority
    {
        public Authority(TestCertificates owner, string name)
        {
            using AsymmetricAlgorithm rootKey = owner.CreateKey();
            CertificateRequest rootRequest = CreateAuthorityRequest($"{name} root", rootKey, 1);
            Root = rootRequest.CreateSelfSigned(Begin, End);

            AsymmetricAlgorithm key = owner.CreateKey();
            CertificateRequest request = CreateAuthorityRequest($"{name} intermediate", key, 0);
            request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Root, true, false));
            Intermediate = request.Create(Root, Begin, End, owner.NextSerial());
            Generator = key is RSA rsa ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1) : X509SignatureGenerator.CreateForECDsa((ECDsa)key);
        }

        public X509Certificate2 Root { get; }

        public X509Certificate2 Intermediate { get; }

        public X509SignatureGenerator Generator { get; }

        private static CertificateRequest CreateAuthorityRequest(string name, AsymmetricAlgorithm key, int pathLength)
        {
            CertificateRequest request = CreateRequest(name, key);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, pathLength, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
            return request;
        }
    }
}
