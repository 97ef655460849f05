namespace Net.Chaos.Simulation;

/// <summary>Makes a failing schedule small: leaves out ever smaller parts of it as long as it still fails (delta debugging), until no single fault can be left out.</summary>
internal static class ScheduleShrinker
{
    /// <summary>Shrinks.</summary>
    /// <param name="faults">Numbers of the faults that make it fail together.</param>
    /// <param name="fails">Whether it still fails with some of them alone.</param>
    /// <returns>The numbers that are needed.</returns>
    internal static IReadOnlyList<int> Shrink(IReadOnlyList<int> faults, Func<IReadOnlyList<int>, bool> fails)
    {
        if (faults.Count == 0 || fails([]))
        {
            return [];
        }

        IReadOnlyList<int> left = faults;
        int parts = 2;
        while (left.Count > 1)
        {
            parts = Math.Min(parts, left.Count);
            if (FindWithoutOnePart(left, parts, fails) is { } smaller)
            {
                left = smaller;
                parts = Math.Max(2, parts - 1);
            }
            else if (parts == left.Count)
            {
                break;
            }
            else
            {
                parts *= 2;
            }
        }

        return left;
    }

    private static int[]? FindWithoutOnePart(IReadOnlyList<int> faults, int parts, Func<IReadOnlyList<int>, bool> fails)
    {
        for (int part = 0; part < parts; part++)
        {
            int begin = faults.Count * part / parts;
            int end = faults.Count * (part + 1) / parts;
            int[] rest = [.. faults.Take(begin), .. faults.Skip(end)];
            if (fails(rest))
            {
                return rest;
            }
        }

        return null;
    }
}
