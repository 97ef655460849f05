using System.Collections.Concurrent;

namespace Net.Chaos.Running;

/// <summary>Figures that only who carries something out can know. Thread-safe.</summary>
internal sealed class RunMeasures
{
    private readonly ConcurrentDictionary<string, double> _values = new(StringComparer.Ordinal);

    /// <summary>Adds to a figure that counts.</summary>
    internal void Add(string figure, double amount) => _values.AddOrUpdate(figure, amount, (_, before) => before + amount);

    /// <summary>Takes in one of several values of which the largest counts.</summary>
    internal void NoteLargest(string figure, double value) => _values.AddOrUpdate(figure, value, (_, before) => Math.Max(before, value));

    /// <summary>All that were noted.</summary>
    internal Dictionary<string, double> Read() => new(_values, StringComparer.Ordinal);
}
