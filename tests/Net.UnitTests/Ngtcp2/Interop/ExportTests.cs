using System.Reflection;
using System.Runtime.InteropServices;
using Net.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Interop;

[TestClass]
public sealed unsafe class ExportTests
{
    [TestMethod]
    public void Functions_InTheLoadedLibraries_AreAllExported()
    {
        NativeRequirement.Libraries();
        var missing = ManagedLayout.Functions
            .Where(static function =>
            {
                var import = function.GetCustomAttribute<DllImportAttribute>()!;
                return !NativeLibrary.TryGetExport(HandleOf(import.Value), import.EntryPoint ?? function.Name, out _);
            })
            .Select(static function => function.Name);
        Assert.AreEqual(string.Empty, string.Join(' ', missing));
    }

    [TestMethod]
    public void Probe_WithTheLibraries_GivesTheirVersions()
    {
        NativeRequirement.Libraries();
        var probe = NativeLibraries.Probe();
        Assert.IsNull(probe.Reason);
        Assert.IsGreaterThanOrEqualTo(NativeLibraryLoader.MinimumNgtcp2, probe.Version!);
        Assert.IsGreaterThanOrEqualTo(NativeLibraryLoader.MinimumGnuTls, probe.GnuTlsVersion!);
        var info = Ngtcp2Native.ngtcp2_version(0);
        Assert.AreEqual(
            info->version_num, (probe.Version!.Major << 16) | (probe.Version.Minor << 8) | probe.Version.Build, "number and text differ");
    }

    [TestMethod]
    public void Fill_AnEmptyStructure_SetsExactlyTheCallbacksOfTheCryptoLibrary()
    {
        NativeRequirement.Libraries();
        var callbacks = default(ngtcp2_callbacks);
        CryptoCallbacks.Fill(&callbacks);
        var set = new List<string>();
        foreach (var field in ManagedLayout.Fields(typeof(ngtcp2_callbacks)))
        {
            var address = *(nint*)((byte*)&callbacks + ManagedLayout.OffsetOf(field));
            if (address != 0)
            {
                var symbol = $"ngtcp2_crypto_{field.Name}_cb";
                Assert.AreEqual(NativeLibrary.GetExport(NativeLibraries.Ngtcp2CryptoHandle, symbol), address, symbol);
                set.Add(symbol);
            }
        }

        CollectionAssert.AreEquivalent(CryptoCallbacks.SymbolNames, set);
    }

    private static nint HandleOf(string library) => library switch
    {
        NativeLibraryNames.Ngtcp2 => NativeLibraries.Ngtcp2Handle,
        NativeLibraryNames.Ngtcp2Crypto => NativeLibraries.Ngtcp2CryptoHandle,
        _ => NativeLibraries.GnuTlsHandle,
    };
}
