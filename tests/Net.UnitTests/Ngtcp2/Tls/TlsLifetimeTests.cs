using System.Runtime.CompilerServices;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Tls;
using Net.UnitTests.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Tls;

[TestClass]
public sealed class TlsLifetimeTests
{
    [TestInitialize]
    public void RequireLibraries() => NativeRequirement.Libraries();

    [TestMethod]
    public void Get_SameIdentity_SameCredentials()
    {
        var identity = new TlsIdentity(TlsWorld.ServerLeaf.WithKey());
        GnuTlsCredentialsHandle first = TlsCredentials.Get(identity);
        Assert.AreSame(first, TlsCredentials.Get(identity));
        Assert.AreNotSame(first, TlsCredentials.Get(new TlsIdentity(TlsWorld.ServerLeaf.WithKey())));
    }

    [TestMethod]
    public void Credentials_IdentityForgottenWhileSessionLives_StayUntilTheSessionIsGone()
    {
        WeakReference credentials = UseSessionOfForgottenIdentity();
        Assert.IsTrue(IsCollected(credentials), "the credentials outlived identity and sessions");
    }

    [TestMethod]
    public void State_OptionsForgotten_ForgottenWithThem() => Assert.IsTrue(IsCollected(MakeState()));

    [TestMethod]
    public void TicketKey_ProtocolAndMode_EachItsOwnKey()
    {
        var options = new ServerTlsOptions { Identity = new TlsIdentity(TlsWorld.ServerLeaf.WithKey()), TicketKey = new byte[64] };
        ServerTlsState state = ServerTlsState.Get(options);
        Assert.AreSame(state.TicketKey(options, "a"), state.TicketKey(options, "a"));
        Assert.AreNotEqual(Bytes(state.TicketKey(options, "a")!), Bytes(state.TicketKey(options, "b")!));

        ServerTlsOptions same = options with { };
        Assert.AreEqual(Bytes(state.TicketKey(options, "a")!), Bytes(ServerTlsState.Get(same).TicketKey(same, "a")!));
        ServerTlsOptions mutual = options with
        {
            ClientCertificateMode = ClientCertificateMode.Required,
            ClientCertificatePolicy = new TlsWorld.Policy(_ => PeerCertificateVerdict.Accepted),
        };
        Assert.AreNotEqual(Bytes(state.TicketKey(options, "a")!), Bytes(ServerTlsState.Get(mutual).TicketKey(mutual, "a")!));
        ServerTlsOptions none = options with { AllowResumption = false };
        Assert.IsNull(ServerTlsState.Get(none).TicketKey(none, "a"));
    }

    [TestMethod]
    public void Dispose_Twice_SessionFreedOnce()
    {
        TlsPair pair = TlsPair.Run(new TlsWorld());
        pair.Dispose();
        Assert.IsTrue(pair.Client.Tls.Session.IsClosed);
        Assert.IsTrue(pair.Server.Tls.Session.IsClosed);
        pair.Client.Tls.Dispose();
        Assert.IsFalse(pair.Server.Tls.SendTicket());
        Assert.IsTrue(pair.Server.Tls.ReverifyResumedPeer());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference UseSessionOfForgottenIdentity()
    {
        (TlsPair pair, WeakReference credentials) = RunAndForgetIdentity();
        using (pair)
        {
            Collect();
            Assert.IsTrue(pair.Server.Tls.SendTicket());
            pair.Pump();
            Assert.HasCount(2, pair.Client.Tickets);
            Assert.IsTrue(credentials.IsAlive);
        }

        return credentials;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (TlsPair Pair, WeakReference Credentials) RunAndForgetIdentity()
    {
        var world = new TlsWorld();
        TlsPair pair = TlsPair.Run(world);
        return (pair, new WeakReference(TlsCredentials.Get(world.ServerTls.Identity)));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference MakeState()
    {
        var options = new ServerTlsOptions { Identity = new TlsIdentity(TlsWorld.ServerLeaf.WithKey()), AllowEarlyData = true };
        ServerTlsState state = ServerTlsState.Get(options);
        Assert.AreSame(state, ServerTlsState.Get(options));
        return new WeakReference(state);
    }

    private static bool IsCollected(WeakReference weak)
    {
        for (int i = 0; i < 20 && weak.IsAlive; i++)
        {
            Collect();
        }

        return !weak.IsAlive;
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    private static unsafe string Bytes(GnuTlsTicketKey key)
    {
        gnutls_datum_t datum = key.ToDatum();
        return Convert.ToHexString(new ReadOnlySpan<byte>(datum.data, (int)datum.size));
    }
}
