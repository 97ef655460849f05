namespace Net.Security.Internal;

/// <summary>Makes text that others chose fit for logs and messages.</summary>
internal static class PeerText
{
    private const int MaxLength = 300;

    /// <summary>Cuts the text and takes control characters out, so that nobody can flood a log or forge its lines.</summary>
    internal static string Clean(string text) => PlainText.Clean(text, MaxLength);

    internal static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
