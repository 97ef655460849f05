namespace Net.Hosting.Watching;

/// <summary>How a line looks; colours only where the terminal has them.</summary>
internal enum TopTone
{
    Plain,
    Title,
    Heading,
    Faint,
    Warning,
    Bad,
}
