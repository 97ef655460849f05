using System.Net;
using System.Reflection;
using System.Runtime.Loader;
using Net.IntegrationTests.Setup;
using Net.Ngtcp2;
using Net.Ngtcp2.Interop;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>An engine that finds no libraries. The engine's assembly is loaded a second time for it, as libraries are looked for once in a process.</summary>
[TestClass]
[DoNotParallelize]
public sealed class MissingLibraryTests : Ngtcp2Test
{
    [TestMethod]
    public async Task Connect_WithoutTheLibraries_SaysWhichPackageToInstall()
    {
        using var empty = new TemporaryDirectory();
        var context = new SecondCopy(typeof(Ngtcp2Engine).Assembly.Location);
        AppContext.SetData(NativeLibraryLoader.DirectoryDatum, empty.Path);
        try
        {
            Type type = context.LoadFromAssemblyPath(typeof(Ngtcp2Engine).Assembly.Location).GetType(typeof(Ngtcp2Engine).FullName!)!;
            Assert.AreNotSame(typeof(Ngtcp2Engine), type);
            await using var engine = (TransportEngine)Activator.CreateInstance(type, [null])!;
            Assert.IsFalse(engine.Support.IsSupported);
            Assert.Contains(empty.Path, engine.Support.Reason!);

            ConnectOptions connect = ConnectTo(new IPEndPoint(IPAddress.Loopback, 4433));
            foreach (Func<Task> operation in (Func<Task>[])[() => engine.ConnectAsync(connect).AsTask(), () => engine.ListenAsync(ListenOn("127.0.0.1")).AsTask()])
            {
                var failure = await Assert.ThrowsExactlyAsync<TransportException>(() => operation().WithTimeout());
                Assert.AreEqual(TransportError.EngineMissing, failure.Error);
                Assert.IsFalse(failure.IsSafeToRetry);
                Assert.Contains("libngtcp2.so.16", failure.Message);
                Assert.Contains("cannot open shared object file", failure.Message);
                Assert.Contains("apt-get install libngtcp2-16 libngtcp2-crypto-gnutls8", failure.Message);
            }
        }
        finally
        {
            AppContext.SetData(NativeLibraryLoader.DirectoryDatum, null);
            context.Unload();
        }

        // The copy that has its libraries is not concerned.
        Ngtcp2Engine other = NewEngine();
        Assert.IsTrue(other.Support.IsSupported);
        EchoServer server = await ListenAsync(other, ListenOn("127.0.0.1"));
        var (client, _) = await ConnectAsync(other, server);
        await Echo.RoundTripAsync(client, "served");
    }

    /// <summary>Loads the engine anew, but takes the contracts and all else from the test's own context, so that types fit.</summary>
    private sealed class SecondCopy(string path) : AssemblyLoadContext("second copy", isCollectible: true)
    {
        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name == Path.GetFileNameWithoutExtension(path) ? LoadFromAssemblyPath(path) : null;
    }
}
