using System.Globalization;

namespace Net.Chaos.Scenarios;

/// <summary>A figure of the run and what it must be.</summary>
/// <param name="Figure">Its name, see <see cref="Judging.Figures"/>.</param>
/// <param name="Comparison"><c>&lt;=</c>, <c>&gt;=</c> or <c>=</c>.</param>
/// <param name="Value">The limit, in the figure's unit.</param>
/// <param name="Line">Line of the file.</param>
internal sealed record Bound(string Figure, string Comparison, double Value, int Line)
{
    internal bool Holds(double measured) => Comparison switch
    {
        "<=" => measured <= Value,
        ">=" => measured >= Value,
        _ => measured == Value,
    };

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Figure} {Comparison} {Value:0.######}");
}
