namespace Net.IntegrationTests.Http3Robustness;

/// <summary>What the managed heap holds.</summary>
internal static class Memory
{
    /// <summary>Bytes of living objects, those that finalizers let go of subtracted.</summary>
    internal static long ManagedBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
