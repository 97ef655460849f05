using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.MsQuic.Internal;

namespace Net.UnitTests.MsQuic;

[TestClass]
public sealed class CertificateCheckTests
{
    private static readonly DateTimeOffset Begin = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset End = new(2099, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [TestMethod]
    public void Order_ShuffledWithTheLeafAgain_FollowsTheIssuers()
    {
        (X509Certificate2 root, X509Certificate2 first, X509Certificate2 second, X509Certificate2 leaf) = CreateChain();
        using X509Certificate2 stranger = CreateAuthority("CN=stranger");

        IReadOnlyList<ReadOnlyMemory<byte>> chain = PeerChain.Order(leaf, [stranger, root, leaf, second, first, second]);

        AssertSame([leaf, second, first, root, stranger], chain);
    }

    [TestMethod]
    public void Order_SelfSignedLeaf_StandsAlone()
    {
        using X509Certificate2 alone = CreateAuthority("CN=alone");

        AssertSame([alone], PeerChain.Order(alone, [alone]));
    }

    [TestMethod]
    public void Validate_PeerShowsAChain_HandsItToThePolicyInOrder()
    {
        (X509Certificate2 root, X509Certificate2 first, X509Certificate2 second, X509Certificate2 leaf) = CreateChain();
        using X509Chain platform = CreatePlatformChain(first, second, leaf);
        var policy = new ScriptedPolicy(PeerCertificateVerdict.Accepted);
        var check = new CertificateCheck(policy, ClientCertificateMode.Required, true, "server.example", TimeProvider.System);

        Assert.IsTrue(check.Validate(this, leaf, platform, SslPolicyErrors.RemoteCertificateChainErrors));

        Assert.IsNull(check.Rejection);
        AssertSame([leaf, second, first], check.Chain);
        AssertSame([leaf, second, first], policy.Last.Chain);
        Assert.IsTrue(policy.Last.IsServerCertificate);
        Assert.AreEqual("server.example", policy.Last.ServerName);
        root.Dispose();
    }

    [TestMethod]
    public void Validate_PolicyRefuses_KeepsReasonAndAlert()
    {
        using X509Certificate2 leaf = CreateAuthority("CN=leaf");
        var policy = new ScriptedPolicy(PeerCertificateVerdict.Refused(CertificateRefusal.Revoked, "it was taken back"));
        var check = new CertificateCheck(policy, ClientCertificateMode.Required, false, null, TimeProvider.System);

        Assert.IsFalse(check.Validate(this, leaf, null, SslPolicyErrors.None));

        StringAssert.Contains(check.Rejection!.Reason, "it was taken back", StringComparison.Ordinal);
        Assert.AreEqual((byte)44, check.Rejection.Alert);
        Assert.AreEqual(0x100L + 44, check.Rejection.ToMeaning(7).TransportErrorCode);
    }

    [TestMethod]
    [DataRow(ClientCertificateMode.Optional, true)]
    [DataRow(ClientCertificateMode.Required, false)]
    public void Validate_PeerShowsNone_DependsOnTheModeAndAsksNoPolicy(ClientCertificateMode mode, bool isAccepted)
    {
        var policy = new ScriptedPolicy(PeerCertificateVerdict.Accepted);
        var check = new CertificateCheck(policy, mode, false, null, TimeProvider.System);

        Assert.AreEqual(isAccepted, check.Validate(this, null, null, SslPolicyErrors.RemoteCertificateNotAvailable));

        Assert.AreEqual(0, policy.Calls);
        Assert.AreEqual(isAccepted ? null : (byte?)116, check.Rejection?.Alert);
    }

    [TestMethod]
    public void Validate_PolicyThrows_LetsNobodyInAndKeepsTheException()
    {
        using X509Certificate2 leaf = CreateAuthority("CN=leaf");
        var failure = new InvalidOperationException("the policy is broken");
        var check = new CertificateCheck(new ScriptedPolicy(failure), ClientCertificateMode.Optional, false, null, TimeProvider.System);

        Assert.IsFalse(check.Validate(this, leaf, null, SslPolicyErrors.None));

        Assert.AreSame(failure, check.PolicyFailure);
        StringAssert.Contains(check.Rejection!.Reason, "the policy is broken", StringComparison.Ordinal);
    }

    private static void AssertSame(X509Certificate2[] expected, IReadOnlyList<ReadOnlyMemory<byte>> actual) =>
        CollectionAssert.AreEqual(expected.Select(c => Convert.ToHexString(c.RawData)).ToArray(), actual.Select(der => Convert.ToHexString(der.Span)).ToArray());

    private static X509Chain CreatePlatformChain(params X509Certificate2[] extra)
    {
        var chain = new X509Chain();
        chain.ChainPolicy.ExtraStore.AddRange(extra);
        return chain;
    }

    private static (X509Certificate2 Root, X509Certificate2 First, X509Certificate2 Second, X509Certificate2 Leaf) CreateChain()
    {
        X509Certificate2 root = CreateAuthority("CN=root");
        X509Certificate2 first = CreateAuthority("CN=first", root);
        X509Certificate2 second = CreateAuthority("CN=second", first);
        return (root, first, second, CreateAuthority("CN=leaf", second));
    }

    private static X509Certificate2 CreateAuthority(string name, X509Certificate2? issuer = null)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        if (issuer is null)
        {
            return request.CreateSelfSigned(Begin, End);
        }

        using X509Certificate2 bare = request.Create(issuer, Begin, End, RandomNumberGenerator.GetBytes(8));
        return bare.CopyWithPrivateKey(key);
    }

    private sealed class ScriptedPolicy : PeerCertificatePolicy
    {
        private readonly PeerCertificateVerdict _verdict;
        private readonly Exception? _failure;

        public ScriptedPolicy(PeerCertificateVerdict verdict) => _verdict = verdict;

        public ScriptedPolicy(Exception failure) => _failure = failure;

        public int Calls { get; private set; }

        public PeerCertificateContext Last { get; private set; }

        public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context)
        {
            Calls++;
            Last = context;
            return _failure is null ? _verdict : throw _failure;
        }
    }
}
