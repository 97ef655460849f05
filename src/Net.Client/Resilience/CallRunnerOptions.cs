namespace Net.Client;

/// <summary>What a <see cref="CallRunner"/> is made of.</summary>
public sealed record CallRunnerOptions
{
    /// <summary>The defaults.</summary>
    public static CallRunnerOptions Default { get; } = new();

    /// <summary>Name of the channel, for metrics. Default <c>default</c>.</summary>
    /// <remarks>That of the channel, from a closed set, as it is a metric's tag.</remarks>
    public string Name { get; init; } = "default";

    /// <summary>The retry budget of all the runner's calls. Default: ten tokens, a tenth of one for each success.</summary>
    /// <remarks>One runner for each channel, so that all its calls share one budget; raise <see cref="RetryBudgetOptions.MaxTokens"/> for hundreds of calls in flight.</remarks>
    public RetryBudgetOptions Budget { get; init; } = RetryBudgetOptions.Default;

    /// <summary>Where the length of pauses comes from. The runner alone uses it. Default <c>null</c>: one with a seed of its own.</summary>
    /// <remarks>For tests that are to repeat themselves.</remarks>
    public Random? Random { get; init; }

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault with property, value and range.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(CallRunnerOptions));
        if (string.IsNullOrWhiteSpace(Name))
        {
            faults.Add(nameof(Name), "is empty.");
        }

        if (Budget is null)
        {
            faults.Add(nameof(Budget), "is null.");
        }

        faults.ThrowIfAny();
        Budget!.Validate();
    }
}
