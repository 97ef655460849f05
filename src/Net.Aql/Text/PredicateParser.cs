using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Reads predicates: <c>or</c> binds weakest, then <c>and</c>, then <c>not</c>.</summary>
internal sealed class PredicateParser(TextParser parser)
{
    // Deep enough for any host's limit, and far from where the stack ends.
    private const int MaxDepth = 500;
    private int _depth;

    internal Predicate Parse() => ParseChain("or", () => ParseChain("and", ParseNot, And), Or);

    private static Predicate And(Predicate left, Predicate right) => new() { And = new AndPredicate { Left = left, Right = right } };

    private static Predicate Or(Predicate left, Predicate right) => new() { Or = new OrPredicate { Left = left, Right = right } };

    // A long chain becomes a balanced tree, since both messages and hosts bound how deep one may be.
    private static Predicate Balance(List<Predicate> parts, int first, int count, Func<Predicate, Predicate, Predicate> join) => count == 1
        ? parts[first]
        : join(Balance(parts, first, count / 2, join), Balance(parts, first + (count / 2), count - (count / 2), join));

    private Predicate ParseChain(string keyword, Func<Predicate> parsePart, Func<Predicate, Predicate, Predicate> join)
    {
        var parts = new List<Predicate> { parsePart() };
        while (parser.AcceptKeyword(keyword))
        {
            parts.Add(parsePart());
        }

        return Balance(parts, 0, parts.Count, join);
    }

    private Predicate ParseNot()
    {
        if (++_depth > MaxDepth)
        {
            throw parser.Expected($"at most {MaxDepth} levels of 'not' and '('", "and here is one more");
        }

        try
        {
            if (parser.AcceptKeyword("not"))
            {
                return new Predicate { Not = new NotPredicate { Predicate = ParseNot() } };
            }

            if (!parser.Accept("("))
            {
                return ParseComparison();
            }

            Predicate inner = Parse();
            parser.Require(")", "'and', 'or' or ')'");
            return inner;
        }
        finally
        {
            _depth--;
        }
    }

    private Predicate ParseComparison()
    {
        ColumnRef column = parser.ParseColumn();
        Token comparison = parser.Current;
        if (comparison.Kind != TokenKind.Symbol || comparison.Text is not ("=" or "!=" or "<" or "<=" or ">" or ">="))
        {
            throw parser.Expected("=, !=, <, <=, > or >= after the column");
        }

        parser.Take();
        CipherBlob value = parser.ParseValue($"a value after {comparison.Text}");
        return comparison.Text switch
        {
            "=" => new Predicate { Eq = new EqPredicate { Column = column, Value = value } },
            "!=" => new Predicate { Not = new NotPredicate { Predicate = new Predicate { Eq = new EqPredicate { Column = column, Value = value } } } },
            "<" => new Predicate { Lt = new LtPredicate { Column = column, Value = value } },
            "<=" => new Predicate { Lte = new LtePredicate { Column = column, Value = value } },
            ">" => new Predicate { Gt = new GtPredicate { Column = column, Value = value } },
            _ => new Predicate { Gte = new GtePredicate { Column = column, Value = value } },
        };
    }
}
