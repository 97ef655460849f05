using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Net.Channels;

/// <summary>Reads one section of configuration by hand, so that it trims and compiles ahead of time, and collects every fault: unknown keys, and values that cannot be read or used.</summary>
internal sealed class SettingsReader(IConfiguration section, string path, List<string> faults)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether anything stands under a key.</summary>
    internal bool Has(string key) => Take(key) is { } child && (child.Value is not null || child.GetChildren().Any());

    /// <summary>Whether keys stand under a key, and not a value alone.</summary>
    internal bool IsSection(string key) => Take(key).GetChildren().Any();

    /// <summary>Whether <c>none</c> stands there, which takes away what would else be.</summary>
    internal bool IsNone(string key) => string.Equals(Take(key).Value, "none", StringComparison.OrdinalIgnoreCase);

    internal string? Text(string key)
    {
        IConfigurationSection child = Take(key);
        if (child.Value is null && child.GetChildren().Any())
        {
            Fault(key, "is a section; it must be text.");
        }

        return child.Value;
    }

    internal bool Flag(string key, bool fallback) => Parse(key, fallback, "true or false", static (string text, out bool value) => bool.TryParse(text, out value));

    internal int Number(string key, int fallback) =>
        Parse(key, fallback, "a whole number", static (string text, out int value) => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out value));

    /// <summary>A whole number, or <c>none</c> for the option's <c>null</c>.</summary>
    internal int? NumberOrNone(string key, int? fallback) => IsNone(key)
        ? null
        : Parse<int?>(key, fallback, "a whole number, or none", static (string text, out int? value) =>
        {
            bool isRead = int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int number);
            value = number;
            return isRead;
        });

    internal double Ratio(string key, double fallback) =>
        Parse(key, fallback, "a number", static (string text, out double value) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value));

    /// <summary>A number, or <c>none</c> for the option's <c>null</c>.</summary>
    internal double? RatioOrNone(string key, double? fallback) => IsNone(key)
        ? null
        : Parse<double?>(key, fallback, "a number, or none", static (string text, out double? value) =>
        {
            bool isRead = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number);
            value = number;
            return isRead;
        });

    /// <summary>A time as <c>hh:mm:ss.fff</c>, or <c>infinite</c>.</summary>
    internal TimeSpan Time(string key, TimeSpan fallback) => Parse(key, fallback, "a time as hh:mm:ss.fff, or infinite", static (string text, out TimeSpan value) =>
    {
        value = Timeout.InfiniteTimeSpan;

        // A bare number would be days, which nobody means.
        return text.Equals("infinite", StringComparison.OrdinalIgnoreCase) || (text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value));
    });

    internal T Choice<T>(string key, T fallback)
        where T : struct, Enum => Parse(key, fallback, "one of " + string.Join(", ", Enum.GetNames<T>()), static (string text, out T value) =>
        {
            // By name alone: the runtime would also take numbers, and names with commas between them.
            value = default;
            return Enum.GetNames<T>().Contains(text.Trim(), StringComparer.OrdinalIgnoreCase) && Enum.TryParse(text, ignoreCase: true, out value);
        });

    /// <summary>Any number of names of a set of flags, with commas between them.</summary>
    internal T Choices<T>(string key, T fallback)
        where T : struct, Enum => Parse(key, fallback, "any of " + string.Join(", ", Enum.GetNames<T>()) + ", with commas between them", static (string text, out T value) =>
        {
            value = default;
            return text.Split(',', StringSplitOptions.TrimEntries).All(static name => Enum.GetNames<T>().Contains(name, StringComparer.OrdinalIgnoreCase))
                && Enum.TryParse(text, ignoreCase: true, out value);
        });

    /// <summary>A part of the section, whatever stands there; its unknown keys are faults when <see cref="RefuseOthers"/> is called on it.</summary>
    internal SettingsReader Part(string key) => new(Take(key), Below(key), faults);

    /// <summary>A part of the section; <c>null</c> when nothing stands there, and when a value does, which is a fault.</summary>
    internal SettingsReader? Section(string key)
    {
        if (!Has(key))
        {
            return null;
        }

        if (Take(key) is { Value: { Length: > 0 } text } child && !child.GetChildren().Any())
        {
            Fault(key, $"is '{text}'; it must be a section with keys of its own.");
            return null;
        }

        return Part(key);
    }

    /// <summary>What may be switched: <c>true</c> takes the defaults, <c>false</c> takes it away, and a section says more.</summary>
    /// <returns>Whether anything was said, and the section to read; <c>null</c>: it is switched off.</returns>
    internal (bool IsSaid, SettingsReader? Part) Switch(string key)
    {
        if (!Has(key))
        {
            return (false, null);
        }

        if (Take(key).Value is not { Length: > 0 } text)
        {
            return (true, Part(key));
        }

        if (bool.TryParse(text, out bool isOn))
        {
            return (true, isOn ? Part(key) : null);
        }

        Fault(key, $"is '{text}'; it must be true, false, or a section with keys of its own.");
        return (false, null);
    }

    /// <summary>The members of a list.</summary>
    internal IEnumerable<(SettingsReader Reader, string? Value)> List(string key)
    {
        if (Take(key) is { Value: { Length: > 0 } text } child && !child.GetChildren().Any())
        {
            Fault(key, $"is '{text}'; it must be a list.");
        }

        return [.. Take(key).GetChildren().Select(child => (new SettingsReader(child, $"{Below(key)}:{child.Key}", faults), child.Value))];
    }

    /// <summary>Notes a fault of the value under a key.</summary>
    internal void Fault(string key, string fault) => faults.Add($"{Below(key)} {fault}");

    /// <summary>Notes a fault of the section itself.</summary>
    internal void Fault(string fault) => faults.Add($"{path} {fault}");

    /// <summary>Ends the reading of options of this section: unknown keys and values out of range are faults, each told of with its key.</summary>
    /// <param name="read">What was read.</param>
    /// <param name="known">What to go on with when it has faults.</param>
    /// <param name="validate">Checks it.</param>
    /// <returns>Options that are in order.</returns>
    internal T Check<T>(T read, T known, Action<T> validate)
    {
        RefuseOthers();
        T sound = read;

        // The type's name and the property's, which is that of the key.
        TryEach(typeof(T).Name + ".", () => validate(read), () => sound = known);
        return sound;
    }

    /// <summary>Runs a validation that tells its faults a line each, and notes each with the key it is about.</summary>
    /// <param name="owner">What stands before the name of the property.</param>
    /// <param name="validate">The validation.</param>
    /// <param name="failed">What to do when there are faults.</param>
    internal void TryEach(string owner, Action validate, Action failed)
    {
        try
        {
            validate();
        }
        catch (ArgumentException exception)
        {
            foreach (string line in exception.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                string fault = line.StartsWith(owner, StringComparison.Ordinal) ? line[owner.Length..] : line;
                faults.Add($"{path}:{fault.Replace($"{nameof(Timeout)}.{nameof(Timeout.InfiniteTimeSpan)}", "infinite", StringComparison.Ordinal)}");
            }

            failed();
        }
    }

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

    // The whole of a configuration has no path.
    private string Below(string key) => path.Length == 0 ? key : $"{path}:{key}";

    private IConfigurationSection Take(string key)
    {
        _known.Add(key);
        return section.GetSection(key);
    }

    private delegate bool TryParse<T>(string text, out T value);

    private T Parse<T>(string key, T fallback, string expected, TryParse<T> parse)
    {
        IConfigurationSection child = Take(key);
        if (child.Value is not { Length: > 0 } text)
        {
            if (child.GetChildren().Any())
            {
                Fault(key, $"is a section; it must be {expected}.");
            }

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
