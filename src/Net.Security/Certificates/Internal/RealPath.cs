namespace Net.Security.Internal;

/// <summary>Follows the links in a path, those of directories included, as a mounted secret of Kubernetes has them.</summary>
internal static class RealPath
{
    // As many as Linux follows.
    private const int MaxLinks = 40;

    /// <summary>The path with every link resolved. What does not exist is taken as it stands.</summary>
    /// <param name="fullPath">A full path.</param>
    /// <returns>The real path.</returns>
    /// <exception cref="IOException">There are too many links, most likely in a circle.</exception>
    internal static string Resolve(string fullPath)
    {
        string root = Path.GetPathRoot(fullPath)!;
        string resolved = root;
        var rest = new Stack<string>(Split(fullPath[root.Length..]).Reverse());
        int links = 0;
        while (rest.TryPop(out string? segment))
        {
            if (segment is "." or "..")
            {
                resolved = segment == "." ? resolved : Path.GetDirectoryName(resolved) ?? root;
                continue;
            }

            string next = Path.Combine(resolved, segment);
            if (new FileInfo(next).LinkTarget is not string target)
            {
                resolved = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                throw new IOException($"'{fullPath}' has more than {MaxLinks} links, most likely in a circle.");
            }

            if (Path.IsPathRooted(target))
            {
                resolved = Path.GetPathRoot(target)!;
                target = target[resolved.Length..];
            }

            foreach (string part in Split(target).Reverse())
            {
                rest.Push(part);
            }
        }

        return resolved;
    }

    internal static bool IsWithin(string path, string directory) =>
        path.Length > directory.Length
        && path.StartsWith(directory, StringComparison.Ordinal)
        && (Path.EndsInDirectorySeparator(directory) || path[directory.Length] == Path.DirectorySeparatorChar);

    private static string[] Split(string path) =>
        path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
}
