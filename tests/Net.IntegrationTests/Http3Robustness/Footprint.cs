using Net.IntegrationTests.Ngtcp2;

namespace Net.IntegrationTests.Http3Robustness;

/// <summary>What the process holds.</summary>
/// <param name="Heap">Bytes of living managed objects.</param>
/// <param name="PinnedBlocks">Pinned blocks of 4 KiB among them, rented or kept for the next who rents.</param>
/// <param name="Native">Bytes that native code has allocated.</param>
internal readonly record struct Footprint(long Heap, long PinnedBlocks, long Native)
{
    private const int PinnedHeap = 4;
    private const int BlockBytes = 4096;

    internal static Footprint Take()
    {
        long heap = Memory.ManagedBytes();
        GCGenerationInfo pinned = GC.GetGCMemoryInfo(GCKind.FullBlocking).GenerationInfo[PinnedHeap];
        return new Footprint(heap, (pinned.SizeAfterBytes - pinned.FragmentationAfterBytes) / BlockBytes, ProcessResources.NativeBytes());
    }

    public static Footprint operator -(Footprint a, Footprint b) => new(a.Heap - b.Heap, a.PinnedBlocks - b.PinnedBlocks, a.Native - b.Native);

    public override string ToString() => $"heap {Heap:+#,0;-#,0;0} bytes, pinned {PinnedBlocks:+#,0;-#,0;0} blocks, native {Native:+#,0;-#,0;0} bytes";
}
