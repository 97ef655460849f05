using Net.IntegrationTests.Setup;

namespace Net.IntegrationTests.Host;

/// <summary>What all tests of the program share: that it runs here at all, and one set of certificates that none of them changes.</summary>
[TestClass]
public sealed class HostSetup
{
    private static readonly Lazy<Task<MadeCertificates>> Made = new(MakeAsync);

    /// <summary>The certificates; ends the test as inconclusive where no QUIC engine runs.</summary>
    internal static Task<MadeCertificates> RequireAsync() => Made.Value;

    [AssemblyCleanup]
    public static async Task CleanAsync()
    {
        if (Made.IsValueCreated && Made.Value.IsCompletedSuccessfully)
        {
            (await Made.Value).Dispose();
        }
    }

    private static async Task<MadeCertificates> MakeAsync()
    {
        await HostProgram.RequireEngineAsync();
        var certificates = new MadeCertificates();
        await certificates.MakeAsync();
        return certificates;
    }
}
