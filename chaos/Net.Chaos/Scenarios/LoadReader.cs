using Net.Chaos.Running.Loads;

namespace Net.Chaos.Scenarios;

/// <summary>Reads what clients do.</summary>
internal static class LoadReader
{
    private static readonly (string Word, LoadKind Kind)[] Kinds =
    [
        ("unary", LoadKind.Unary), ("duplex", LoadKind.Duplex), ("stream", LoadKind.Stream), ("slow", LoadKind.Slow), ("raw", LoadKind.Raw), ("bulk", LoadKind.Bulk), ("write", LoadKind.Write),
    ];

    internal static IReadOnlyList<LoadPlan> Read(ScenarioNode scenario)
    {
        var loads = new List<LoadPlan>();
        foreach (ScenarioNode item in scenario.Maps("load"))
        {
            (string word, LoadKind kind) = Kinds.FirstOrDefault(k => item.Has(k.Word));
            if (word is null)
            {
                item.Fault($"a load begins with its kind: {string.Join(", ", Kinds.Select(static k => k.Word))}.");
                continue;
            }

            if (item.Map(word) is { } values)
            {
                loads.Add(ReadOne(values, kind, $"{word} {loads.Count + 1}"));
            }

            item.EndOfKeys();
        }

        return loads;
    }

    private static LoadPlan ReadOne(ScenarioNode values, LoadKind kind, string name)
    {
        bool isKept = kind is LoadKind.Duplex or LoadKind.Stream or LoadKind.Slow;
        var defaults = new LoadPlan { Kind = kind, Name = name };
        var plan = new LoadPlan
        {
            Kind = kind,
            Name = name,
            Rate = kind == LoadKind.Bulk ? 0 : values.Number("rate", 0.1, 100_000) ?? (kind == LoadKind.Slow ? 1 : isKept ? 20 : defaults.Rate),
            Burst = kind is LoadKind.Unary or LoadKind.Raw ? values.Integer("burst", 0, OpenLoop.MaxInFlight) ?? defaults.Burst : 0,
            Hold = kind == LoadKind.Raw ? values.Time("hold", TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(10)) ?? TimeSpan.Zero : TimeSpan.Zero,
            Streams = isKept || kind == LoadKind.Bulk ? values.Integer("streams", 1, 10_000) ?? (kind == LoadKind.Bulk ? 1 : defaults.Streams) : 0,
            Age = kind is LoadKind.Duplex or LoadKind.Stream ? values.Time("age", TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1)) ?? TimeSpan.Zero : TimeSpan.Zero,
            After = values.Time("after", TimeSpan.Zero, TimeSpan.FromDays(1)) ?? TimeSpan.Zero,
            Size = (int)(values.Size("size", 32, kind == LoadKind.Bulk ? 1 << 30 : 1 << 20) ?? (kind == LoadKind.Bulk ? 10 << 20 : defaults.Size)),
            Deadline = values.Time("deadline", TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(10)) ?? (kind == LoadKind.Bulk ? TimeSpan.FromMinutes(1) : defaults.Deadline),
            IsIdempotent = values.Flag("idempotent") ?? defaults.IsIdempotent,
        };
        values.EndOfKeys();
        return plan;
    }
}
