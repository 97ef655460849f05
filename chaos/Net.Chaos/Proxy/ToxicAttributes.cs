using System.Globalization;
using System.Text.Json;

namespace Net.Chaos.Proxy;

/// <summary>The values of a toxic's attributes. Immutable.</summary>
internal sealed class ToxicAttributes
{
    private readonly IReadOnlyList<ToxicAttribute> _specs;
    private readonly double[] _numbers;
    private readonly string[] _texts;

    /// <summary>All defaults.</summary>
    internal ToxicAttributes(IReadOnlyList<ToxicAttribute> specs)
        : this(specs, [.. specs.Select(static s => s.DefaultNumber)], [.. specs.Select(static s => s.DefaultText)])
    {
    }

    private ToxicAttributes(IReadOnlyList<ToxicAttribute> specs, double[] numbers, string[] texts)
    {
        _specs = specs;
        _numbers = numbers;
        _texts = texts;
    }

    internal double Number(string name) => _numbers[IndexOf(name)];

    internal long Whole(string name) => (long)_numbers[IndexOf(name)];

    internal bool Flag(string name) => _numbers[IndexOf(name)] != 0;

    internal string Text(string name) => _texts[IndexOf(name)];

    internal TimeSpan Milliseconds(string name) => TimeSpan.FromMilliseconds(_numbers[IndexOf(name)]);

    internal TimeSpan Microseconds(string name) => TimeSpan.FromMicroseconds(_numbers[IndexOf(name)]);

    /// <summary>These values with those of a JSON object over them.</summary>
    /// <param name="json">An object, or <c>null</c> for no change.</param>
    /// <param name="ignoresUnknown">Whether names that the type does not have are passed over, as toxiproxy does; else they are faults.</param>
    /// <exception cref="ChaosException">Lists every fault; <see cref="ChaosError.BadRequest"/>.</exception>
    internal ToxicAttributes With(JsonElement? json, bool ignoresUnknown)
    {
        if (json is not { ValueKind: not JsonValueKind.Null } values)
        {
            return this;
        }

        if (values.ValueKind != JsonValueKind.Object)
        {
            throw ChaosException.BadBody("attributes must be an object");
        }

        double[] numbers = [.. _numbers];
        string[] texts = [.. _texts];
        List<string> faults = [];
        foreach (JsonProperty property in values.EnumerateObject())
        {
            int index = Find(property.Name);
            if (index >= 0)
            {
                Read(_specs[index], property.Value, ref numbers[index], ref texts[index], faults);
            }
            else if (!ignoresUnknown)
            {
                faults.Add($"there is no attribute '{property.Name}'; there are {string.Join(", ", _specs.Select(static s => s.Name))}");
            }
        }

        return faults.Count == 0 ? new ToxicAttributes(_specs, numbers, texts) : throw ChaosException.BadBody(string.Join("; ", faults));
    }

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        for (int i = 0; i < _specs.Count; i++)
        {
            ToxicAttribute spec = _specs[i];
            if (spec.IsQuiet && _numbers[i] == spec.DefaultNumber && _texts[i] == spec.DefaultText)
            {
                continue;
            }

            switch (spec.Kind)
            {
                case AttributeKind.Text:
                    writer.WriteString(spec.Name, _texts[i]);
                    break;
                case AttributeKind.Flag:
                    writer.WriteBoolean(spec.Name, _numbers[i] != 0);
                    break;
                case AttributeKind.Whole:
                    writer.WriteNumber(spec.Name, (long)_numbers[i]);
                    break;
                default:
                    writer.WriteNumber(spec.Name, _numbers[i]);
                    break;
            }
        }

        writer.WriteEndObject();
    }

    private static void Read(ToxicAttribute spec, JsonElement value, ref double number, ref string text, List<string> faults)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        if (spec.Kind == AttributeKind.Text)
        {
            // Clients that only know numbers send the digits of an identifier as one.
            string? given = value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number => value.GetRawText(),
                _ => null,
            };
            if (given is null)
            {
                faults.Add($"{spec.Name} must be a text");
            }
            else if (spec.Choices.Count > 0 && !spec.Choices.Contains(given))
            {
                faults.Add($"{spec.Name} is '{given}'; it must be one of {string.Join(", ", spec.Choices)}");
            }
            else
            {
                text = given;
            }
        }
        else if (spec.Kind == AttributeKind.Flag && value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            number = value.ValueKind == JsonValueKind.True ? 1 : 0;
        }
        else if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double wanted) || (spec.Kind != AttributeKind.Number && wanted != Math.Floor(wanted)))
        {
            faults.Add($"{spec.Name} must be a {(spec.Kind == AttributeKind.Whole ? "whole number" : spec.Kind == AttributeKind.Flag ? "true or false" : "number")}");
        }
        else if (wanted < spec.Min || wanted > spec.Max)
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"{spec.Name} is {wanted}; it must be {spec.Min} to {spec.Max}"));
        }
        else
        {
            number = wanted;
        }
    }

    private int IndexOf(string name) => Find(name) is >= 0 and int index ? index : throw new ArgumentException($"This type of toxic has no attribute '{name}'.", nameof(name));

    private int Find(string name)
    {
        for (int i = 0; i < _specs.Count; i++)
        {
            if (string.Equals(_specs[i].Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }

        return -1;
    }
}
