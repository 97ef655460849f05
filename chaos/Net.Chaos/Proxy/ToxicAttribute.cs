using System.Globalization;

namespace Net.Chaos.Proxy;

/// <summary>One attribute that a type of toxic has: its name, what it may be, and what it is when nobody says.</summary>
public sealed record ToxicAttribute
{
    private ToxicAttribute(string name, AttributeKind kind, string help)
    {
        Name = name;
        Kind = kind;
        Help = help;
    }

    /// <summary>The name in JSON.</summary>
    public string Name { get; }

    /// <summary>What values it has.</summary>
    public AttributeKind Kind { get; }

    /// <summary>What it means, with its unit.</summary>
    public string Help { get; }

    /// <summary>Smallest number.</summary>
    public double Min { get; private init; }

    /// <summary>Largest number.</summary>
    public double Max { get; private init; }

    /// <summary>The number when none is given; 0 or 1 of a flag.</summary>
    public double DefaultNumber { get; private init; }

    /// <summary>The text when none is given.</summary>
    public string DefaultText { get; private init; } = "";

    /// <summary>The texts allowed; empty: any.</summary>
    public IReadOnlyList<string> Choices { get; private init; } = [];

    /// <summary>Whether answers leave it out while it has its default, so that they look as toxiproxy's do.</summary>
    internal bool IsQuiet { get; private init; }

    /// <summary>The default as it is written.</summary>
    public string DefaultWords => Kind switch
    {
        AttributeKind.Text => DefaultText.Length == 0 ? "\"\"" : DefaultText,
        AttributeKind.Flag => DefaultNumber != 0 ? "true" : "false",
        _ => DefaultNumber.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>A whole number.</summary>
    public static ToxicAttribute Whole(string name, string help, long defaultValue = 0, long min = 0, long max = int.MaxValue) =>
        new(name, AttributeKind.Whole, help) { DefaultNumber = defaultValue, Min = min, Max = max };

    /// <summary>A number; 0 to 1 unless told otherwise.</summary>
    public static ToxicAttribute Number(string name, string help, double defaultValue = 0, double min = 0, double max = 1) =>
        new(name, AttributeKind.Number, help) { DefaultNumber = defaultValue, Min = min, Max = max };

    /// <summary>A text.</summary>
    public static ToxicAttribute Text(string name, string help, string defaultValue = "", params string[] choices) =>
        new(name, AttributeKind.Text, help) { DefaultText = defaultValue, Choices = choices };

    /// <summary>Yes or no.</summary>
    public static ToxicAttribute Flag(string name, string help, bool defaultValue = false) =>
        new(name, AttributeKind.Flag, help) { DefaultNumber = defaultValue ? 1 : 0, Max = 1 };

    internal ToxicAttribute Quietly() => this with { IsQuiet = true };
}
