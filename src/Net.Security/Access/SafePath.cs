namespace Net.Security;

/// <summary>Resolves file names out of a configuration, so that they name files below its directory and nothing else.</summary>
public static class SafePath
{
    private const int MaxLength = 1024;

    // As many as Linux follows.
    private const int MaxLinks = 40;

    /// <summary>Resolves a name.</summary>
    /// <param name="directory">The directory that the name stays below.</param>
    /// <param name="name">The name: relative, with parts between slashes.</param>
    /// <returns>The whole path. The file need not exist.</returns>
    /// <exception cref="ArgumentException">The name is empty, absolute, too long, or holds control characters, a backslash, a colon, or parts that are empty, dots or blank at an end; the message says which.</exception>
    /// <exception cref="IOException">The name goes through a symbolic link that leads out of the directory. Links that stay in it are followed, as mounted secrets are made of them.</exception>
    /// <remarks>The links are looked at when the name is resolved. Who may change the directory afterwards can change its files anyway.</remarks>
    public static string Resolve(string directory, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        if (FindFault(name) is { } fault)
        {
            throw new ArgumentException($"The file name '{PlainText.Clean(name)}' {fault}; write one relative to the configuration's directory, such as keys/tokens.json.", nameof(name));
        }

        string root = RealPath(Path.GetFullPath(directory));
        string path = Path.Combine(root, name);
        string real = RealPath(path);
        return real.StartsWith(root.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new IOException($"The file name '{PlainText.Clean(name)}' goes through a symbolic link to '{PlainText.Clean(real)}', out of '{root}'.");
    }

    private static string? FindFault(string? name)
    {
        if (string.IsNullOrWhiteSpace(name))
        {
            return "is empty";
        }

        if (name.Length > MaxLength)
        {
            return "is too long";
        }

        if (PlainText.IsUnsafe(name))
        {
            return "holds a control or format character";
        }

        if (name.Contains('\\', StringComparison.Ordinal) || name.Contains(':', StringComparison.Ordinal))
        {
            return "holds a backslash or a colon";
        }

        if (Path.IsPathRooted(name) || name.StartsWith('~'))
        {
            return "is absolute";
        }

        return name.Split('/').Any(static part => part.Length == 0 || part.Trim() != part || part.TrimEnd('.').Length == 0)
            ? "has a part that is empty, blank at an end, or nothing but dots"
            : null;
    }

    /// <summary>Follows the links of every part; what does not exist stays as it is written.</summary>
    private static string RealPath(string path, int depth = 0)
    {
        if (depth > MaxLinks)
        {
            throw new IOException($"'{PlainText.Clean(path)}' goes through more than {MaxLinks} symbolic links.");
        }

        string real = Path.GetPathRoot(path)!;
        foreach (string part in path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            FileSystemInfo info = Directory.Exists(real) ? new DirectoryInfo(real) : new FileInfo(real);
            if (info.LinkTarget is not null)
            {
                // The end of a chain of links, whose own parts may be links again: a few rounds settle it, and a circle does not pass the limit.
                string target = info.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? real;
                real = target == real ? target : RealPath(target, depth + 1);
            }
        }

        return real;
    }
}
