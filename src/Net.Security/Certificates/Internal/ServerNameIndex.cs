using System.Collections.Frozen;

namespace Net.Security.Internal;

/// <summary>Which identity has a name.</summary>
internal sealed class ServerNameIndex
{
    private readonly FrozenDictionary<string, int> _exact;

    // By what follows the wildcard, the dot included.
    private readonly FrozenDictionary<string, int> _wildcards;

    internal ServerNameIndex(IReadOnlyList<TlsIdentity> identities)
    {
        var exact = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        var wildcards = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        for (int i = 0; i < identities.Count; i++)
        {
            CertificateNames names = CertificateNames.Read(identities[i].Certificate);
            foreach (string name in names.DnsNames.Concat(names.Addresses.Select(static address => address.ToString())))
            {
                // Of two identities with a name the first counts.
                if (name.StartsWith("*.", StringComparison.Ordinal))
                {
                    wildcards.TryAdd(name[1..], i);
                }
                else
                {
                    exact.TryAdd(name, i);
                }
            }
        }

        _exact = exact.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
        _wildcards = wildcards.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The index of the identity, or -1.</summary>
    internal int Find(string name)
    {
        if (_exact.TryGetValue(name, out int index))
        {
            return index;
        }

        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && _wildcards.TryGetValue(name[dot..], out index) ? index : -1;
    }
}
