using System.Diagnostics;
using System.Reflection;
using Net.IntegrationTests.Setup;
using Net.Ngtcp2;

namespace Net.IntegrationTests.RawStreams;

[TestClass]
public sealed class Ngtcp2RawStreamTests : RawStreamEngineTests
{
    [TestMethod]
    public async Task Echo_ReusedStream_AllocatesNextToNothingInTheWholeProcess()
    {
        if (typeof(Ngtcp2Engine).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true })
        {
            SetupRequirement.Missing("In a Debug build each call of an async method makes an object; the figure counts only in Release, which is what make test builds.");
        }

        double bytes = await MeasureAllocatedPerEchoAsync();

        TestContext.WriteLine($"{bytes:0.0} bytes allocated per echo, both ends and the test's own waits together");

        // A single object per echo would be 24 bytes or more.
        Assert.IsLessThan(20, bytes);
    }

    protected override TransportEngine CreateEngine() => new Ngtcp2Engine();
}
