using Google.Protobuf;

namespace Net.Aql;

/// <summary>A predicate that was checked and is ready to be asked of rows.</summary>
internal abstract record RowCondition
{
    /// <summary>Whether it holds for a row.</summary>
    internal abstract bool Holds(Row row);

    /// <summary>The keys outside of which it cannot hold, so that only the rows between are looked at.</summary>
    internal virtual KeyBounds Bounds => KeyBounds.All;

    private protected static bool Fits(Comparison comparison, int order) => comparison switch
    {
        Comparison.Equal => order == 0,
        Comparison.Greater => order > 0,
        Comparison.Less => order < 0,
        Comparison.GreaterOrEqual => order >= 0,
        _ => order <= 0,
    };
}

/// <summary>Compares a key or value, byte by byte.</summary>
internal sealed record BytesCondition(Column Column, Comparison Comparison, ByteString Operand) : RowCondition
{
    internal override KeyBounds Bounds => Column == Column.Key ? KeyBounds.Of(Comparison, Operand) : KeyBounds.All;

    internal override bool Holds(Row row) => Fits(Comparison, Columns.BytesOf(row, Column).Span.SequenceCompareTo(Operand.Span));
}

/// <summary>Compares a number; a row without it fits no comparison.</summary>
internal sealed record NumberCondition(Column Column, Comparison Comparison, Int128 Operand) : RowCondition
{
    internal override bool Holds(Row row) => Columns.NumberOf(row, Column) is Int128 number && Fits(Comparison, number.CompareTo(Operand));
}

/// <summary>Both hold.</summary>
internal sealed record AndCondition(RowCondition Left, RowCondition Right) : RowCondition
{
    internal override KeyBounds Bounds => Left.Bounds.Intersect(Right.Bounds);

    internal override bool Holds(Row row) => Left.Holds(row) && Right.Holds(row);
}

/// <summary>At least one holds.</summary>
internal sealed record OrCondition(RowCondition Left, RowCondition Right) : RowCondition
{
    internal override KeyBounds Bounds => Left.Bounds.Enclose(Right.Bounds);

    internal override bool Holds(Row row) => Left.Holds(row) || Right.Holds(row);
}

/// <summary>The other does not hold.</summary>
internal sealed record NotCondition(RowCondition Condition) : RowCondition
{
    internal override bool Holds(Row row) => !Condition.Holds(row);
}
