using System.Buffers.Binary;
using System.Security.Cryptography;
using Net.Ngtcp2;
using Net.Ngtcp2.Tls;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Session tickets in hands that they were not given to.</summary>
[TestClass]
public sealed class TicketTheftTests : Ngtcp2Test
{
    private static readonly TlsIdentity Victim = TestCertificates.Shared.CreateClient(0, "victim");
    private static readonly TlsIdentity Thief = TestCertificates.Shared.CreateClient(0, "thief");

    private static ServerTlsOptions OptionalTls => MutualServerTls with { ClientCertificateMode = ClientCertificateMode.Optional };

    /// <summary>Who listens sees the ticket in the client's hello; the secret of its session never travels.</summary>
    [TestMethod]
    [DataRow(true, DisplayName = "thief with a certificate of its own")]
    [DataRow(false, DisplayName = "thief without a certificate")]
    public async Task Ticket_SeenOnTheWire_LetsNobodyInWithoutTheSecretOfItsSession(bool hasCertificate)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn("127.0.0.1", OptionalTls));
        SessionTicket ticket = await VisitAsync(engine, server);
        TlsIdentity? thief = hasCertificate ? Thief : null;

        // The thief's client is its own: it does not look at whose the ticket is.
        SessionTicket whole = Forge(ticket, thief, static _ => { });
        SessionTicket seen = Forge(ticket, thief, static session => RandomNumberGenerator.Fill(FindSecret(session)));
        var store = new OneTicketStore(seen);
        TransportException refused = await Assert.ThrowsExactlyAsync<TransportException>(() => engine.ConnectAsync(As(server, thief, store)).WithTimeout());

        Assert.AreEqual(1, store.Taken, "The ticket was offered.");
        Assert.AreEqual(TransportError.ConnectFailed, refused.Error, refused.Message);
        await Waiting.Until(() => server.State is { Connections: 0, Handshakes: 0 });
        Assert.AreEqual(1, server.Streams, "Nothing of the thief's was served.");

        // The control: it is the secret that was missing. Who has that too is the victim, which is why a store is as secret as a key.
        TransportConnection resumed = Own(await engine.ConnectAsync(As(server, thief, new OneTicketStore(whole))).WithTimeout());
        Assert.IsTrue(resumed.IsResumed);
    }

    [TestMethod]
    [DataRow(true, DisplayName = "thief with a certificate of its own")]
    [DataRow(false, DisplayName = "thief without a certificate")]
    public async Task Store_InAnotherClientsHands_IsNotOfferedAndTheClientIsWhoItIs(bool hasCertificate)
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer server = await ListenAsync(engine, ListenOn("127.0.0.1", OptionalTls));
        var store = new OneTicketStore(await VisitAsync(engine, server));
        TlsIdentity? thief = hasCertificate ? Thief : null;

        TransportConnection client = Own(await engine.ConnectAsync(As(server, thief, store)).WithTimeout());
        TransportConnection accepted = await server.NextConnectionAsync();

        Assert.AreEqual(1, store.Taken);
        Assert.IsFalse(client.IsResumed);
        Assert.AreEqual(thief?.Certificate.Thumbprint, accepted.PeerCertificate?.Thumbprint);
    }

    [TestMethod]
    public async Task Ticket_OfAnotherServer_IsWorthNothingToThisOne()
    {
        Ngtcp2Engine engine = NewEngine();
        EchoServer one = await ListenAsync(engine, ListenOn("127.0.0.1", MutualServerTls with { TicketKey = RandomNumberGenerator.GetBytes(64) }));
        EchoServer other = await ListenAsync(engine, ListenOn("127.0.0.1", MutualServerTls with { TicketKey = RandomNumberGenerator.GetBytes(64) }));
        var store = new OneTicketStore(await VisitAsync(engine, one));

        TransportConnection client = Own(await engine.ConnectAsync(As(other, Victim, store)).WithTimeout());

        Assert.AreEqual(1, store.Taken);
        Assert.IsFalse(client.IsResumed);
    }

    [TestMethod]
    public async Task Ticket_OfACertificateThatHasEnded_IsJudgedAgainAndRefused()
    {
        Ngtcp2Engine engine = NewEngine();
        var policy = new LaterPolicy(Trust);
        EchoServer server = await ListenAsync(engine, ListenOn("127.0.0.1", MutualServerTls with { ClientCertificatePolicy = policy }));
        SessionTicket ticket = await VisitAsync(engine, server);

        policy.Ahead = Victim.Certificate.NotAfter.ToUniversalTime() - DateTime.UtcNow + TimeSpan.FromHours(1);
        TransportException refused = await Assert.ThrowsExactlyAsync<TransportException>(() => engine.ConnectAsync(As(server, Victim, new OneTicketStore(ticket))).WithTimeout());

        Assert.AreEqual(TransportError.CertificateRejected, refused.Error, refused.Message);
        Assert.AreEqual(0x100 + 45, refused.TransportErrorCode, "certificate_expired");
        Assert.AreEqual(1, policy.Resumptions, "The session was resumed, and its certificate looked at again.");
    }

    /// <summary>The victim's visit, and the ticket that it was given.</summary>
    private async Task<SessionTicket> VisitAsync(Ngtcp2Engine engine, EchoServer server)
    {
        var store = new WatchedTicketStore();
        TransportConnection client = Own(await engine.ConnectAsync(As(server, Victim, store)).WithTimeout());
        TransportConnection accepted = await server.NextConnectionAsync();
        await Echo.RoundTripAsync(client, "first visit");
        Assert.AreEqual(Victim.Certificate.Thumbprint, accepted.PeerCertificate!.Thumbprint);
        await store.TicketAsync();
        await client.CloseAsync(0).WithTimeout();
        await accepted.Closed.WithTimeout();
        return store.LastTicket!;
    }

    private static ConnectOptions As(EchoServer server, TlsIdentity? identity, SessionTicketStore store) =>
        ConnectTo(server.EndPoint, new ClientTlsOptions { ServerCertificatePolicy = Trust, Identity = identity, TicketStore = store });

    /// <summary>The ticket as a client would hold it that had been given it under another identity.</summary>
    private static SessionTicket Forge(SessionTicket ticket, TlsIdentity? owner, Action<byte[]> change)
    {
        Assert.IsTrue(ResumptionData.TryParse(ticket.Session, out ResumptionData? data));
        byte[] session = data.Session.ToArray();
        change(session);
        return ticket with { Session = (data with { Owner = TlsCredentials.Fingerprint(owner), Session = session }).ToArray() };
    }

    /// <summary>The resumption secret in a session as GnuTLS packs it: length and nonce of the ticket, length (4 bytes) and ticket, length and secret.</summary>
    private static Span<byte> FindSecret(byte[] session)
    {
        // Without the length of the nonce one session in a hundred or so looks as if it held two.
        const int NonceLength = 4;
        var found = new List<Range>();
        for (int i = 1 + NonceLength; i + 4 < session.Length; i++)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(session.AsSpan(i));
            int secret = i + 4 + length;
            if (session[i - NonceLength - 1] == NonceLength && length is > 100 and < 10_000 && secret < session.Length && session[secret] is 32 or 48 && secret + 1 + session[secret] < session.Length)
            {
                found.Add((secret + 1)..(secret + 1 + session[secret]));
            }
        }

        Assert.HasCount(1, found, "GnuTLS packs sessions in another way than this test knows.");
        return session.AsSpan(found[0]);
    }

    /// <summary>Offers one ticket, whatever is asked for.</summary>
    private sealed class OneTicketStore(SessionTicket ticket) : SessionTicketStore
    {
        private int _taken;

        internal int Taken => Volatile.Read(ref _taken);

        public override SessionTicket? TakeTicket(in SessionTicketKey key)
        {
            Interlocked.Increment(ref _taken);
            return ticket;
        }

        public override void AddTicket(in SessionTicketKey key, SessionTicket ticket)
        {
        }

        public override ReadOnlyMemory<byte> TakeToken(in SessionTicketKey key) => default;

        public override void AddToken(in SessionTicketKey key, ReadOnlyMemory<byte> token)
        {
        }
    }

    /// <summary>A policy whose clock runs ahead.</summary>
    private sealed class LaterPolicy(PeerCertificatePolicy inner) : PeerCertificatePolicy
    {
        private int _resumptions;

        internal TimeSpan Ahead { get; set; }

        internal int Resumptions => Volatile.Read(ref _resumptions);

        public override long Generation => inner.Generation;

        public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context)
        {
            Interlocked.Add(ref _resumptions, context.IsResumption ? 1 : 0);
            return inner.Evaluate(context with { Now = context.Now + Ahead });
        }
    }
}
