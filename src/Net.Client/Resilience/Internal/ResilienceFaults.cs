using System.Globalization;

namespace Net.Client;

/// <summary>Faults of options that are fractions.</summary>
internal static class ResilienceFaults
{
    /// <summary>Notes a fault when a number is out of its range, or none at all.</summary>
    internal static void Range(OptionFaults faults, string property, double value, double min, double max)
    {
        if (!(value >= min && value <= max))
        {
            faults.Add(property, string.Create(CultureInfo.InvariantCulture, $"is {value}; it must be {min} to {max}."));
        }
    }
}
