namespace Net.Hosting.Watching;

/// <summary>One line of the screen.</summary>
/// <param name="Text">The text, without control characters.</param>
/// <param name="Tone">How it is to look.</param>
internal readonly record struct TopLine(string Text, TopTone Tone);
