namespace Net.Chaos.Judging;

/// <summary>One thing that must hold, and whether it did.</summary>
/// <param name="Rule"><c>N1</c> to <c>N6</c>, <c>proof</c>, or the bound of the file.</param>
/// <param name="Text">What must hold.</param>
/// <param name="Measured">What was seen.</param>
/// <param name="Holds">Whether it holds.</param>
internal sealed record Finding(string Rule, string Text, string Measured, bool Holds);
