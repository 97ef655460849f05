using System.Security.Cryptography.X509Certificates;
using Net.Chaos.Ledgers;
using Net.Chaos.Running;
using Net.Chaos.Running.Loads;
using Net.Chaos.Scenarios;
using Net.Grpc;

namespace Net.ChaosTests.Running;

/// <summary>The parts that decide what a run says.</summary>
[TestClass]
public sealed class RunPartsTests
{
    public static IEnumerable<object[]> Ends =>
    [
        [new GrpcException(GrpcStatusCode.Unavailable) { IsSafeToRetry = true }, CallResult.Refused],
        [new GrpcException(GrpcStatusCode.InvalidArgument), CallResult.Failed],
        [new GrpcException(GrpcStatusCode.DeadlineExceeded), CallResult.Unknown],
        [new GrpcException(new GrpcStatus(GrpcStatusCode.Unavailable, "lost"), new TransportException(TransportError.ConnectionLost, "lost")), CallResult.Unknown],
        [new TransportException(TransportError.ConnectFailed, "refused"), CallResult.Refused],
        [new TransportException(TransportError.ConnectionLost, "lost"), CallResult.Unknown],
        [new TransportException(TransportError.StreamReset, "failed") { ApplicationErrorCode = 0x107 }, CallResult.Failed],
        [new TransportException(TransportError.DeadlineExceeded, "late"), CallResult.Unknown],
        [new OperationCanceledException(), CallResult.Unknown],
    ];

    [TestMethod]
    [DynamicData(nameof(Ends))]
    public void ResultOf_EachFailure_IsWhatTheDefinitionSays(object failure, object expected) => Assert.AreEqual(expected, CallEnds.ResultOf((Exception)failure));

    [TestMethod]
    public void Fill_OtherNumberOrStream_IsOtherContent()
    {
        byte[] one = Filled(1, 1);

        CollectionAssert.AreEqual(one, Filled(1, 1));
        CollectionAssert.AreNotEqual(one, Filled(1, 2));
        CollectionAssert.AreNotEqual(one, Filled(2, 1));
    }

    [TestMethod]
    public void Issue_Certificates_FitTheAuthorityAndAreTheOwnersAlone()
    {
        string directory = Directory.CreateTempSubdirectory("net-chaos-test-").FullName;
        try
        {
            using var certificates = new RunCertificates(Path.Combine(directory, "c"), TimeProvider.System);
            string first = certificates.Issue("h1", isServer: true);
            string second = certificates.Issue("h1", isServer: true);

            using X509Certificate2 pair = X509Certificate2.CreateFromPemFile(certificates.ServerCertificate("h1"), certificates.ServerKey("h1"));
            using X509Certificate2 authority = X509CertificateLoader.LoadCertificateFromFile(certificates.Authority);
            using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
            chain.ChainPolicy.CustomTrustStore.Add(authority);
            Assert.IsTrue(chain.Build(pair));
            Assert.AreNotEqual(first, second);
            Assert.AreEqual(second, pair.SerialNumber);
            if (!OperatingSystem.IsWindows())
            {
                Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(certificates.ServerKey("h1")));
            }

            certificates.IssueBad("h1", isServer: true, BadPair.Mismatched);
            Assert.ThrowsExactly<ArgumentException>(() => X509Certificate2.CreateFromPemFile(certificates.ServerCertificate("h1"), certificates.ServerKey("h1")).Dispose());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static byte[] Filled(ulong stream, ulong number)
    {
        var content = new byte[100];
        MessagePattern.Fill(content, stream, number);
        return content;
    }
}
