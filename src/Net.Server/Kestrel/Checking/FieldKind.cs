namespace Net.Server.Kestrel.Checking;

/// <summary>What the rules of HTTP/3 tell fields apart by.</summary>
internal enum FieldKind
{
    Regular,
    Method,
    Scheme,
    Authority,
    Path,
    Protocol,
    OtherPseudo,
    Host,
    ContentLength,
    Te,
    ConnectionSpecific,
    Priority,
}
