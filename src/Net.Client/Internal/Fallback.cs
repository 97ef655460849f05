namespace Net.Client.Internal;

/// <summary>What pickers do when their rule leaves nobody.</summary>
internal static class Fallback
{
    /// <summary>Takes anybody who is not to be avoided, beginning at random.</summary>
    internal static PickResult PickAny(int count, in PickContext context)
    {
        int start = Chance.Below((uint)context.Entropy, count);
        for (int i = 0; i < count; i++)
        {
            int index = start + i < count ? start + i : start + i - count;
            if (!context.IsAvoided(index))
            {
                return PickResult.Connect(index);
            }
        }

        return PickResult.Fail(PickFailure.AllAvoided);
    }
}
