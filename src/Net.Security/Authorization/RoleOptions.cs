namespace Net.Security;

/// <summary>What a role allows.</summary>
/// <remarks>
/// A right is one of these texts, in which the last part may be <c>*</c> for anything or end in <c>*</c> for anything that begins so:
/// <c>*</c> (everything); <c>grpc:SERVICE/METHOD</c>; <c>aql:OPERATION:COLLECTION</c>, the operation being get, range, filter, set, update, delete, <c>read</c> (the first three),
/// <c>write</c> (the others) or <c>*</c>; <c>raw:ROUTE</c>; <c>http:METHOD:PATH</c>.
/// </remarks>
public sealed record RoleOptions
{
    /// <summary>Roles whose rights and prohibitions it has, too. Default none.</summary>
    /// <remarks>For roles that are others and more. Prohibitions come along and cannot be lifted.</remarks>
    public IReadOnlyList<string> Inherits { get; init; } = [];

    /// <summary>What it allows. Default nothing.</summary>
    /// <remarks>Name services and collections; a wide <c>*</c> is for administrators.</remarks>
    public IReadOnlyList<string> Allow { get; init; } = [];

    /// <summary>What it forbids, whatever this or another role of the caller allows. Default nothing.</summary>
    /// <remarks>For exceptions from a wide right; it wins over every role that the caller has.</remarks>
    public IReadOnlyList<string> Deny { get; init; } = [];
}
