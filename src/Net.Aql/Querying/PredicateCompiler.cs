using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Checks a predicate and makes a condition of it.</summary>
internal sealed class PredicateCompiler(AqlLimits limits)
{
    private int _terms;

    /// <summary>Makes a condition.</summary>
    /// <exception cref="AqlException">Something is missing in the predicate, is not what its column takes, or is over a limit.</exception>
    internal static RowCondition Compile(Predicate? predicate, AqlLimits limits) => new PredicateCompiler(limits).Compile(predicate, 1);

    private RowCondition Compile(Predicate? predicate, int depth)
    {
        if (depth > limits.MaxPredicateDepth)
        {
            throw new AqlException(
                ErrorCode.ValidationSizeExceeded,
                $"The predicate nests deeper than {limits.MaxPredicateDepth}. Write it flatter, or raise {nameof(AqlLimits)}.{nameof(AqlLimits.MaxPredicateDepth)}.");
        }

        switch (predicate?.PredicateCase ?? Predicate.PredicateOneofCase.None)
        {
            case Predicate.PredicateOneofCase.Eq:
                return Compare(Comparison.Equal, predicate!.Eq.Column, predicate.Eq.Value);
            case Predicate.PredicateOneofCase.Gt:
                return Compare(Comparison.Greater, predicate!.Gt.Column, predicate.Gt.Value);
            case Predicate.PredicateOneofCase.Lt:
                return Compare(Comparison.Less, predicate!.Lt.Column, predicate.Lt.Value);
            case Predicate.PredicateOneofCase.Gte:
                return Compare(Comparison.GreaterOrEqual, predicate!.Gte.Column, predicate.Gte.Value);
            case Predicate.PredicateOneofCase.Lte:
                return Compare(Comparison.LessOrEqual, predicate!.Lte.Column, predicate.Lte.Value);
            case Predicate.PredicateOneofCase.And:
                return new AndCondition(Compile(predicate!.And.Left, depth + 1), Compile(predicate.And.Right, depth + 1));
            case Predicate.PredicateOneofCase.Or:
                return new OrCondition(Compile(predicate!.Or.Left, depth + 1), Compile(predicate.Or.Right, depth + 1));
            case Predicate.PredicateOneofCase.Not:
                return new NotCondition(Compile(predicate!.Not.Predicate, depth + 1));
            default:
                throw new AqlException(
                    ErrorCode.ProtocolMissingField,
                    depth == 1
                        ? "The query has no predicate. To read all rows use a range without bounds; to change all, a predicate that holds for all, such as key >= \"\"."
                        : "A part of the predicate is missing.");
        }
    }

    private RowCondition Compare(Comparison comparison, ColumnRef? reference, CipherBlob? operand)
    {
        if (++_terms > limits.MaxPredicateTerms)
        {
            throw new AqlException(
                ErrorCode.ValidationSizeExceeded,
                $"The predicate has more than {limits.MaxPredicateTerms} comparisons. Split the query, or raise {nameof(AqlLimits)}.{nameof(AqlLimits.MaxPredicateTerms)}.");
        }

        Column column = Columns.Find(reference);
        if (operand is null)
        {
            throw new AqlException(ErrorCode.ProtocolMissingField, $"A comparison of the column {Columns.NameOf(column)} has no value to compare with.");
        }

        return Columns.IsNumeric(column)
            ? new NumberCondition(column, comparison, Columns.ParseNumber(operand.Data, column))
            : new BytesCondition(column, comparison, operand.Data);
    }
}
