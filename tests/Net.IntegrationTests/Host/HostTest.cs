using Net.IntegrationTests.Setup;

namespace Net.IntegrationTests.Host;

/// <summary>A class of tests of the built program.</summary>
public abstract class HostTest
{
    private protected static MadeCertificates Certificates { get; private set; } = null!;

    [ClassInitialize(InheritanceBehavior.BeforeEachDerivedClass)]
    public static async Task RequireProgramAsync(TestContext context) => Certificates = await HostSetup.RequireAsync();
}
