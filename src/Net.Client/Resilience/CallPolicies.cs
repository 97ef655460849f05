using System.Collections.Frozen;

namespace Net.Client;

/// <summary>Which policy the calls of a method follow: that of its full name, else of the longest prefix, else the default. Immutable; a reload makes a new one.</summary>
/// <remarks>Names are what callers give as <see cref="CallPlan.Method"/>: <c>/package.Service/Method</c> for gRPC, the route for raw streams.</remarks>
public sealed class CallPolicies
{
    private readonly FrozenDictionary<string, CallPolicy> _methods;
    private readonly (string Prefix, CallPolicy Policy)[] _prefixes;

    /// <summary>Makes a table.</summary>
    /// <param name="default">For methods that nothing else is said of; <c>null</c>: <see cref="CallPolicy.None"/>.</param>
    /// <param name="methods">By full name, compared exactly; <c>null</c>: none.</param>
    /// <param name="prefixes">By the beginning of the name, such as <c>/package.Service/</c>; <c>null</c>: none.</param>
    /// <exception cref="ArgumentException">Lists every fault of every policy, with the method it is for.</exception>
    public CallPolicies(
        CallPolicy? @default = null, IReadOnlyDictionary<string, CallPolicy>? methods = null, IReadOnlyDictionary<string, CallPolicy>? prefixes = null)
    {
        var faults = new OptionFaults(nameof(CallPolicies));
        Default = @default ?? CallPolicy.None;
        Check(faults, "Default", Default);
        foreach ((string name, CallPolicy policy) in methods ?? FrozenDictionary<string, CallPolicy>.Empty)
        {
            Check(faults, $"Methods['{name}']", policy);
        }

        foreach ((string prefix, CallPolicy policy) in prefixes ?? FrozenDictionary<string, CallPolicy>.Empty)
        {
            Check(faults, $"Prefixes['{prefix}']", policy);
        }

        faults.ThrowIfAny();
        _methods = (methods ?? FrozenDictionary<string, CallPolicy>.Empty).ToFrozenDictionary(StringComparer.Ordinal);
        _prefixes = [.. (prefixes ?? FrozenDictionary<string, CallPolicy>.Empty).OrderByDescending(static p => p.Key.Length).Select(static p => (p.Key, p.Value))];
    }

    /// <summary>For methods that nothing else is said of.</summary>
    public CallPolicy Default { get; }

    /// <summary>Finds the policy of a method. Allocates nothing.</summary>
    /// <param name="method">Its full name.</param>
    /// <returns>The policy.</returns>
    public CallPolicy Find(string method)
    {
        ArgumentNullException.ThrowIfNull(method);
        if (_methods.TryGetValue(method, out CallPolicy? exact))
        {
            return exact;
        }

        foreach ((string prefix, CallPolicy policy) in _prefixes)
        {
            if (method.StartsWith(prefix, StringComparison.Ordinal))
            {
                return policy;
            }
        }

        return Default;
    }

    private static void Check(OptionFaults faults, string property, CallPolicy? policy)
    {
        try
        {
            ArgumentNullException.ThrowIfNull(policy);
            policy.Validate();
        }
        catch (ArgumentException exception)
        {
            faults.Add(property, "has faults: " + exception.Message);
        }
    }
}
