using System.Collections.Frozen;

namespace Net.Security;

/// <summary>Names, beginnings of names, or all names. Compared character by character; where case means nothing, without regard to it, as the router there does.</summary>
internal sealed class PatternSet
{
    internal static readonly PatternSet None = new([], StringComparison.Ordinal);

    private readonly FrozenSet<string> _names;
    private readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly string[] _beginnings;
    private readonly StringComparison _comparison;
    private readonly bool _isAll;

    internal PatternSet(IReadOnlyCollection<string> patterns, StringComparison comparison)
    {
        _comparison = comparison;
        _isAll = patterns.Contains("*");
        _beginnings = [.. patterns.Where(static pattern => pattern.EndsWith('*')).Select(static pattern => pattern[..^1]).Distinct(StringComparer.Ordinal)];
        _names = patterns.Where(static pattern => !pattern.EndsWith('*')).ToFrozenSet(StringComparer.FromComparison(comparison));
        _lookup = _names.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    internal bool Holds(ReadOnlySpan<char> name)
    {
        if (_isAll || (_names.Count > 0 && _lookup.Contains(name)))
        {
            return true;
        }

        foreach (string beginning in _beginnings)
        {
            if (name.StartsWith(beginning, _comparison))
            {
                return true;
            }
        }

        return false;
    }
}
