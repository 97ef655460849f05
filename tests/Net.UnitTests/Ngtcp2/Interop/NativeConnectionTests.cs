using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Net.Ngtcp2.Interop;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.UnitTests.Ngtcp2.Interop;

/// <summary>The declarations together: a whole connection, in memory and under a clock of its own.</summary>
[TestClass]
public sealed unsafe class NativeConnectionTests
{
    private const ulong Latency = 5 * NGTCP2_MILLISECONDS;
    private const int Steps = 2000;
    private const int Seed = 17;

    private readonly Random _random = new(Seed);
    private ulong _now = 1000 * NGTCP2_SECONDS;

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public void RequireLibraries()
    {
        TestContext.WriteLine($"seed {Seed}");
        NativeRequirement.Libraries();
    }

    [TestMethod]
    public void Connection_FromHandshakeToClose_CarriesDataAndCodes()
    {
        using var serverCredentials = ServerCredentials();
        using var clientCredentials = GnuTlsCredentialsHandle.Create();
        using var client = InMemoryConnection.Connect(_random, clientCredentials, _now);
        var nothing = ReadOnlyMemory<byte>.Empty;
        var initial = client.Write(-1, ref nothing, fin: false, _now);
        _now += Latency;
        using var server = InMemoryConnection.Accept(_random, serverCredentials, initial, _now);
        Assert.AreEqual(0, server.Read(initial, _now));
        RunUntil(client, server, () => client.HandshakeConfirmed && server.HandshakeCompleted);

        Assert.IsTrue(client.HandshakeCompleted);
        Assert.AreEqual("net/1", ApplicationProtocol(server));
        Assert.AreEqual("net/1", ApplicationProtocol(client));
        Assert.AreEqual(NGTCP2_PROTO_VER_V1, ngtcp2_conn_get_negotiated_version(client.Pointer));
        Assert.AreEqual(1UL, ngtcp2_conn_get_streams_bidi_left(client.Pointer));
        Assert.AreEqual(0UL, ngtcp2_conn_get_streams_uni_left(client.Pointer));

        long stream;
        Assert.AreEqual(0, ngtcp2_conn_open_bidi_stream(client.Pointer, &stream, null));
        long refused;
        Assert.AreEqual(NGTCP2_ERR_STREAM_ID_BLOCKED, ngtcp2_conn_open_bidi_stream(client.Pointer, &refused, null));

        // Pinned, since the library reads it again when a packet is lost.
        var data = GC.AllocateUninitializedArray<byte>(300_000, pinned: true);
        _random.NextBytes(data);
        RunUntil(client, server, () => server.FinReceived && client.Acknowledged == (ulong)data.Length, stream, data);
        CollectionAssert.AreEqual(data, server.Received);

        ngtcp2_conn_info info;
        ngtcp2_conn_get_conn_info(client.Pointer, &info);
        Assert.IsInRange(2 * Latency, 4 * Latency, info.smoothed_rtt);
        Assert.AreEqual(0UL, info.bytes_in_flight);
        Assert.IsGreaterThan(0UL, info.cwnd);

        Assert.AreEqual(NGTCP2_ERR_DRAINING, server.Read(client.Close(42, "enough", _now), _now + Latency));
        var error = ngtcp2_conn_get_ccerr(server.Pointer);
        Assert.AreEqual(ngtcp2_ccerr_type.NGTCP2_CCERR_TYPE_APPLICATION, error->type);
        Assert.AreEqual(42UL, error->error_code);
        Assert.AreEqual("enough", Encoding.UTF8.GetString(error->reason, (int)error->reasonlen));
        Assert.AreNotEqual(0, ngtcp2_conn_in_closing_period(client.Pointer));
        Assert.AreNotEqual(0, ngtcp2_conn_in_draining_period(server.Pointer));
        Assert.IsNull(client.Failure);
        Assert.IsNull(server.Failure);
    }

    [TestMethod]
    public void Dispose_OfTheSessionFirst_KeepsItUntilTheConnectionIsFreed()
    {
        using var credentials = GnuTlsCredentialsHandle.Create();
        using var client = InMemoryConnection.Connect(_random, credentials, _now);
        credentials.Dispose();
        client.DisposeSession();
        Assert.IsFalse(credentials.IsClosed);

        // The first flight needs the session.
        var nothing = ReadOnlyMemory<byte>.Empty;
        Assert.IsGreaterThanOrEqualTo(NGTCP2_MAX_UDP_PAYLOAD_SIZE, client.Write(-1, ref nothing, fin: false, _now).Length);
        client.Dispose();
        Assert.IsTrue(credentials.IsClosed);
    }

    [TestMethod]
    public void Read_OfGarbage_IsDiscarded()
    {
        using var credentials = GnuTlsCredentialsHandle.Create();
        using var client = InMemoryConnection.Connect(_random, credentials, _now);
        var nothing = ReadOnlyMemory<byte>.Empty;
        client.Write(-1, ref nothing, fin: false, _now);
        var garbage = new byte[1200];
        for (var i = 0; i < 1000; i++)
        {
            _random.NextBytes(garbage);
            Assert.AreEqual(0, client.Read(garbage, _now));
        }
    }

    [TestMethod]
    public void RetryToken_OfTheCryptoLibrary_IsGoodForItsAddressAndTimeOnly()
    {
        var token = new byte[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2];
        var secret = stackalloc byte[32];
        var address = new ngtcp2_sockaddr_in { sin_family = 2, sin_port = 0x5000, sin_addr = 0x0100007f };
        ngtcp2_cid retry = new([1, 2, 3, 4, 5, 6, 7, 8]), original = new([8, 7, 6, 5, 4, 3, 2, 1]);
        fixed (byte* pointer = token)
        {
            var written = ngtcp2_crypto_generate_retry_token2(
                pointer, secret, 32, NGTCP2_PROTO_VER_V1, &address, (uint)sizeof(ngtcp2_sockaddr_in), &retry, &original, _now);
            Assert.AreEqual(NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2, (int)written);
        }

        Assert.AreEqual(NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2, token[0]);
        Assert.AreEqual(0, VerifyRetryToken(token, address, retry, _now + NGTCP2_SECONDS, out var found));
        Assert.AreEqual(original, found);
        Assert.AreEqual(NGTCP2_CRYPTO_ERR_VERIFY_TOKEN, VerifyRetryToken(token, address, retry, _now + (11 * NGTCP2_SECONDS), out _));
        var other = address;
        other.sin_addr = 0x0200007f;
        Assert.AreEqual(NGTCP2_CRYPTO_ERR_VERIFY_TOKEN, VerifyRetryToken(token, other, retry, _now, out _));
        token[^1] ^= 1;
        Assert.AreEqual(NGTCP2_CRYPTO_ERR_UNREADABLE_TOKEN, VerifyRetryToken(token, address, retry, _now, out _));
    }

    private static int VerifyRetryToken(byte[] token, ngtcp2_sockaddr_in address, ngtcp2_cid retry, ulong now, out ngtcp2_cid original)
    {
        var secret = stackalloc byte[32];
        ngtcp2_cid found;
        fixed (byte* pointer = token)
        {
            var result = ngtcp2_crypto_verify_retry_token2(
                &found, pointer, (nuint)token.Length, secret, 32, NGTCP2_PROTO_VER_V1, &address, (uint)sizeof(ngtcp2_sockaddr_in), &retry,
                10 * NGTCP2_SECONDS, now);
            original = found;
            return result;
        }
    }

    private static GnuTlsCredentialsHandle ServerCredentials()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var credentials = GnuTlsCredentialsHandle.Create();
        credentials.AddKeyPair(
            Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()), Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()),
            gnutls_x509_crt_fmt_t.GNUTLS_X509_FMT_PEM);
        return credentials;
    }

    private static string ApplicationProtocol(InMemoryConnection connection)
    {
        gnutls_datum_t name;
        GnuTlsException.ThrowIfError(
            GnuTlsNative.gnutls_alpn_get_selected_protocol(connection.Session, &name), nameof(GnuTlsNative.gnutls_alpn_get_selected_protocol));
        return Encoding.ASCII.GetString(name.data, (int)name.size);
    }

    /// <summary>Carries datagrams both ways until a condition holds. Time moves by the latency, or to the next timer when all is quiet.</summary>
    private void RunUntil(InMemoryConnection client, InMemoryConnection server, Func<bool> condition, long stream = -1, byte[]? data = null)
    {
        ReadOnlyMemory<byte> rest = data;
        var nothing = ReadOnlyMemory<byte>.Empty;
        for (var step = 0; step < Steps && !condition(); step++)
        {
            var toServer = WriteAll(client, rest.IsEmpty ? -1 : stream, ref rest);
            var toClient = WriteAll(server, -1, ref nothing);
            _now += Latency;
            if (toServer.Count + toClient.Count == 0)
            {
                var expiry = Math.Min(ngtcp2_conn_get_expiry(client.Pointer), ngtcp2_conn_get_expiry(server.Pointer));
                Assert.AreNotEqual(ulong.MaxValue, expiry, "both ends wait for ever");
                _now = Math.Max(_now, expiry);
            }

            Deliver(toServer, server);
            Deliver(toClient, client);
            Assert.AreEqual(0, ngtcp2_conn_handle_expiry(client.Pointer, _now));
            Assert.AreEqual(0, ngtcp2_conn_handle_expiry(server.Pointer, _now));
        }

        Assert.IsTrue(condition(), $"not reached in {Steps} steps");
    }

    private List<byte[]> WriteAll(InMemoryConnection connection, long stream, ref ReadOnlyMemory<byte> data)
    {
        var datagrams = new List<byte[]>();
        for (; ; )
        {
            var datagram = connection.Write(data.IsEmpty ? -1 : stream, ref data, fin: true, _now);
            if (datagram.Length == 0)
            {
                return datagrams;
            }

            datagrams.Add(datagram);
        }
    }

    private void Deliver(List<byte[]> datagrams, InMemoryConnection to)
    {
        foreach (var datagram in datagrams)
        {
            Assert.AreEqual(0, to.Read(datagram, _now), to.Failure?.ToString());
        }
    }
}
