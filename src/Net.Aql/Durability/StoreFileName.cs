using System.Globalization;

namespace Net.Aql;

/// <summary>The names of a store's files: what they are, and the number of commits that came before what they hold.</summary>
/// <param name="Kind">Log or snapshot.</param>
/// <param name="Sequence">A snapshot holds the state after this many commits; a log begins with the commit after it.</param>
internal readonly record struct StoreFileName(StoreFileKind Kind, long Sequence)
{
    /// <summary>Ends the names of files that are still being made; what a crash leaves of them is deleted.</summary>
    internal const string Unfinished = ".new";

    private const string LogPrefix = "log-";
    private const string SnapshotPrefix = "snapshot-";
    private const string Extension = ".aql";

    /// <summary>Reads a name that <see cref="ToString"/> wrote.</summary>
    /// <returns><c>false</c> for any other, also one that only looks alike: it names a file that the store did not make.</returns>
    internal static bool TryParse(string name, out StoreFileName parsed)
    {
        foreach ((string prefix, StoreFileKind kind) in new[] { (LogPrefix, StoreFileKind.Log), (SnapshotPrefix, StoreFileKind.Snapshot) })
        {
            if (name.Length == prefix.Length + 16 + Extension.Length
                && name.StartsWith(prefix, StringComparison.Ordinal)
                && name.EndsWith(Extension, StringComparison.Ordinal)
                && long.TryParse(name.AsSpan(prefix.Length, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long sequence)
                && sequence >= 0)
            {
                parsed = new StoreFileName(kind, sequence);

                // Capital digits name another file wherever the case of names counts.
                return string.Equals(parsed.ToString(), name, StringComparison.Ordinal);
            }
        }

        parsed = default;
        return false;
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Kind == StoreFileKind.Log ? LogPrefix : SnapshotPrefix)}{Sequence:x16}{Extension}");
}
