using System.Buffers;

namespace Net.Server.Kestrel.Checking;

/// <summary>What kind of field a name stands for, and what names and values may hold.</summary>
internal static class FieldNames
{
    /// <summary>As long as the longest name that is told from others.</summary>
    internal const int MaxKnownLength = 17;

    /// <summary>How many entries the static table has.</summary>
    internal const int StaticEntries = 99;

    private const int StaticConnect = 15;

    /// <summary>Names of HTTP/3: tokens without capitals (RFC 9110, section 5.6.2, and RFC 9114, section 4.2).</summary>
    private static readonly SearchValues<byte> NameBytes = SearchValues.Create("!#$%&'*+-.0123456789^_`abcdefghijklmnopqrstuvwxyz|~"u8);

    /// <summary>Control characters, but for the tab (RFC 9110, section 5.5).</summary>
    private static readonly SearchValues<byte> ControlBytes = SearchValues.Create([.. Enumerable.Range(0, 0x20).Where(static value => value != '\t').Select(static value => (byte)value), 0x7f]);

    /// <summary>Whether a name, or a piece of one without the colon of a pseudo-header, may stand.</summary>
    internal static bool IsName(ReadOnlySpan<byte> name) => !name.ContainsAnyExcept(NameBytes);

    /// <summary>Whether a value, or a piece of one, may stand.</summary>
    internal static bool IsValue(ReadOnlySpan<byte> value) => !value.ContainsAny(ControlBytes);

    internal static FieldKind Classify(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 when name.SequenceEqual("te"u8) => FieldKind.Te,
        4 when name.SequenceEqual("host"u8) => FieldKind.Host,
        5 when name.SequenceEqual(":path"u8) => FieldKind.Path,
        7 when name.SequenceEqual(":method"u8) => FieldKind.Method,
        7 when name.SequenceEqual(":scheme"u8) => FieldKind.Scheme,
        7 when name.SequenceEqual("upgrade"u8) => FieldKind.ConnectionSpecific,
        8 when name.SequenceEqual("priority"u8) => FieldKind.Priority,
        9 when name.SequenceEqual(":protocol"u8) => FieldKind.Protocol,
        10 when name.SequenceEqual(":authority"u8) => FieldKind.Authority,
        10 when name.SequenceEqual("connection"u8) || name.SequenceEqual("keep-alive"u8) => FieldKind.ConnectionSpecific,
        14 when name.SequenceEqual("content-length"u8) => FieldKind.ContentLength,
        16 when name.SequenceEqual("proxy-connection"u8) => FieldKind.ConnectionSpecific,
        17 when name.SequenceEqual("transfer-encoding"u8) => FieldKind.ConnectionSpecific,
        _ when name.Length > 0 && name[0] == ':' => FieldKind.OtherPseudo,
        _ => FieldKind.Regular,
    };

    /// <summary>The kind of an entry of the static table (RFC 9204, appendix A).</summary>
    internal static FieldKind ClassifyStatic(long index) => index switch
    {
        0 => FieldKind.Authority,
        1 => FieldKind.Path,
        4 => FieldKind.ContentLength,
        >= 15 and <= 21 => FieldKind.Method,
        22 or 23 => FieldKind.Scheme,
        (>= 24 and <= 28) or (>= 63 and <= 71) => FieldKind.OtherPseudo,
        _ => FieldKind.Regular,
    };

    /// <summary>The value of an entry of the static table, as far as a rule looks at it: for others, any that no rule minds.</summary>
    internal static ReadOnlySpan<byte> StaticValue(long index) => index switch
    {
        0 => [],
        1 => "/"u8,
        4 => "0"u8,
        StaticConnect => "CONNECT"u8,
        _ => "other"u8,
    };
}
