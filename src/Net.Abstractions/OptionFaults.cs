using System.Globalization;

namespace Net;

/// <summary>Collects every fault of a set of options, so that a user mends them all at once.</summary>
/// <param name="owner">Name of the options type, put before each property.</param>
public sealed class OptionFaults(string owner)
{
    private readonly List<string> _faults = [];

    /// <summary>Notes a fault when a number is out of its range.</summary>
    /// <param name="property">Name of the property.</param>
    /// <param name="value">Its value.</param>
    /// <param name="min">Smallest value allowed.</param>
    /// <param name="max">Largest value allowed.</param>
    public void Range(string property, long value, long min, long max)
    {
        if (value < min || value > max)
        {
            _faults.Add(string.Create(CultureInfo.InvariantCulture, $"{owner}.{property} is {value}; it must be {min} to {max}."));
        }
    }

    /// <summary>Notes a fault when a time is out of its range; <see cref="Timeout.InfiniteTimeSpan"/> counts only when allowed.</summary>
    /// <param name="property">Name of the property.</param>
    /// <param name="value">Its value.</param>
    /// <param name="min">Smallest value allowed.</param>
    /// <param name="max">Largest value allowed.</param>
    /// <param name="allowInfinite">Whether "never" is allowed.</param>
    public void Range(string property, TimeSpan value, TimeSpan min, TimeSpan max, bool allowInfinite = false)
    {
        if (allowInfinite && value == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        if (value < min || value > max)
        {
            string orNever = allowInfinite ? " or Timeout.InfiniteTimeSpan" : "";
            _faults.Add(string.Create(CultureInfo.InvariantCulture, $"{owner}.{property} is {value}; it must be {min} to {max}{orNever}."));
        }
    }

    /// <summary>Notes a fault in the caller's own words.</summary>
    /// <param name="property">Name of the property.</param>
    /// <param name="fault">What is wrong and what is allowed, as the end of a sentence that begins with the property.</param>
    public void Add(string property, string fault) => _faults.Add($"{owner}.{property} {fault}");

    /// <summary>Throws when a fault was noted.</summary>
    /// <exception cref="ArgumentException">Lists every fault, a line each.</exception>
    public void ThrowIfAny()
    {
        if (_faults.Count > 0)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, _faults));
        }
    }
}
