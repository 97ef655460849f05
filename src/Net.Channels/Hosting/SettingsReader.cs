using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Net.Channels;

/// <summary>Reads one section of configuration by hand, so that it trims and compiles ahead of time, and collects every fault: unknown keys, and values that cannot be read.</summary>
internal sealed class SettingsReader(IConfiguration section, string path, List<string> faults)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether anything stands under a key.</summary>
    internal bool Has(string key) => Take(key) is { } child && (child.Value is not null || child.GetChildren().Any());

    internal string? Text(string key) => Take(key).Value;

    internal bool Flag(string key, bool fallback) => Parse(key, fallback, "true or false", static (string text, out bool value) => bool.TryParse(text, out value));

    internal int Number(string key, int fallback) =>
        Parse(key, fallback, "a whole number", static (string text, out int value) => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out value));

    internal double Ratio(string key, double fallback) =>
        Parse(key, fallback, "a number", static (string text, out double value) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value));

    /// <summary>A time as <c>hh:mm:ss.fff</c>, or <c>infinite</c>.</summary>
    internal TimeSpan Time(string key, TimeSpan fallback) => Parse(key, fallback, "a time as hh:mm:ss.fff, or infinite", static (string text, out TimeSpan value) =>
    {
        value = Timeout.InfiniteTimeSpan;

        // A bare number would be days, which nobody means.
        return text.Equals("infinite", StringComparison.OrdinalIgnoreCase) || (text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value));
    });

    internal T Choice<T>(string key, T fallback)
        where T : struct, Enum => Parse(key, fallback, string.Join(", ", Enum.GetNames<T>()), static (string text, out T value) =>
        {
            // By name alone: the runtime would also take numbers, and names with commas between them.
            value = default;
            return Enum.GetNames<T>().Contains(text.Trim(), StringComparer.OrdinalIgnoreCase) && Enum.TryParse(text, ignoreCase: true, out value);
        });

    /// <summary>A part of the section; its unknown keys are faults when <see cref="RefuseOthers"/> is called on it.</summary>
    internal SettingsReader Part(string key) => new(Take(key), $"{path}:{key}", faults);

    /// <summary>The members of a list.</summary>
    internal IEnumerable<(SettingsReader Reader, string? Value)> List(string key) =>
        [.. Take(key).GetChildren().Select(child => (new SettingsReader(child, $"{path}:{key}:{child.Key}", faults), child.Value))];

    /// <summary>Notes a fault of the value under a key.</summary>
    internal void Fault(string key, string fault) => faults.Add($"{path}:{key} {fault}");

    /// <summary>Runs what may find a value faulty.</summary>
    internal void Try(string key, Action use)
    {
        try
        {
            use();
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            Fault(key, "cannot be used: " + exception.Message);
        }
    }

    /// <summary>Notes every key that was not asked for: a misspelt setting must not be passed over.</summary>
    internal void RefuseOthers()
    {
        foreach (IConfigurationSection child in section.GetChildren())
        {
            if (!_known.Contains(child.Key))
            {
                Fault(child.Key, $"is unknown; known here are {string.Join(", ", _known.Order(StringComparer.Ordinal))}.");
            }
        }
    }

    private IConfigurationSection Take(string key)
    {
        _known.Add(key);
        return section.GetSection(key);
    }

    private delegate bool TryParse<T>(string text, out T value);

    private T Parse<T>(string key, T fallback, string expected, TryParse<T> parse)
    {
        if (Take(key).Value is not { Length: > 0 } text)
        {
            return fallback;
        }

        if (parse(text, out T value))
        {
            return value;
        }

        Fault(key, $"is '{text}'; it must be {expected}.");
        return fallback;
    }
}
