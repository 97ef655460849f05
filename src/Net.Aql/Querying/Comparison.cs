namespace Net.Aql;

/// <summary>How two things are compared.</summary>
internal enum Comparison
{
    Equal,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
}
