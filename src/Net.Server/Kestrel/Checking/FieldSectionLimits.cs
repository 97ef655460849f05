using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Net.Server.Kestrel.Checking;

/// <summary>How much of a field section is judged: behind it Kestrel refuses the request anyway, and judging the rest would be work that a client gets for nothing.</summary>
/// <param name="MaxFields">Fields, pseudo-headers among them.</param>
/// <param name="MaxBytes">Bytes of names and values.</param>
internal readonly record struct FieldSectionLimits(int MaxFields, int MaxBytes)
{
    // Kestrel may or may not count these among the fields.
    private const int PseudoHeaders = 16;

    internal static FieldSectionLimits Default => From(new KestrelServerLimits());

    internal static FieldSectionLimits From(KestrelServerLimits limits) => new(limits.MaxRequestHeaderCount + PseudoHeaders, limits.MaxRequestHeadersTotalSize);
}
