using System.Buffers;

namespace Net.Security;

/// <summary>Brings the path of a request into the one form that rules are compared with.</summary>
internal static class HttpPath
{
    private static readonly SearchValues<char> Suspicious = SearchValues.Create("%\\\0");

    /// <summary>Normalizes a path that the server has decoded once.</summary>
    /// <param name="path">The path.</param>
    /// <returns>
    /// The path without a trailing slash; empty for a path that means one thing to a rule and may mean another to what serves it: with an escape that is left (<c>%2f</c>), a backslash, an
    /// empty or dot segment, a control, format or separator character, or half a surrogate. Nobody is allowed such a path, whatever the rights.
    /// </returns>
    internal static ReadOnlySpan<char> Normalize(ReadOnlySpan<char> path)
    {
        if (path.IsEmpty || path[0] != '/' || path.ContainsAny(Suspicious) || PlainText.IsUnsafe(path))
        {
            return [];
        }

        if (path.Length > 1 && path[^1] == '/')
        {
            path = path[..^1];
        }

        if (path.Length == 1)
        {
            return path;
        }

        ReadOnlySpan<char> rest = path[1..];
        foreach (Range range in rest.Split('/'))
        {
            if (rest[range] is "" or "." or "..")
            {
                return [];
            }
        }

        return path;
    }
}
