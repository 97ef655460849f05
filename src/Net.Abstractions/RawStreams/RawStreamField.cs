namespace Net;

/// <summary>Types of the fields that may follow the route. Odd ones may be ignored by a receiver that does not know them; even ones may not.</summary>
internal static class RawStreamField
{
    internal const long Deadline = 0x01;
    internal const long Metadata = 0x02;
    internal const long TraceParent = 0x03;
    internal const long TraceState = 0x05;

    internal static bool IsCritical(long type) => (type & 1) == 0;
}
