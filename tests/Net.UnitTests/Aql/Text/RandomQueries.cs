using Google.Protobuf;
using Net.Aql;
using Net.Protocol.Aql;

namespace Net.UnitTests.Aql.Text;

/// <summary>Makes queries of every kind, with names, keys and values that are hard to write.</summary>
internal static class RandomQueries
{
    private static readonly string[] Texts =
    [
        "", "a", "users", "42", "-5", "--", "--a", "..", "a..b", ".", "a.", ".a", "a/b", "a b", "\"", "\\", "\n", "\0", "\u001b", "\u0085", "\u2028", "\u202e", "\ufeff", "é", "🎈", "日本", "x", "b64",
        "limit", "WHERE", "and", "Not", "offset", "with", "a=b", "(", ";", "x\"00\"", "@file", "%~$:_", "\ue000",
    ];

    internal static Query Make(Random random) => random.Next(6) switch
    {
        0 => new Query { Get = new GetQuery { Collection = Text(random), Key = MakeKey(random) } },
        1 => new Query { Set = new SetQuery { Collection = Text(random), Key = MakeKey(random), Value = MakeValue(random) } },
        2 => new Query { Delete = new DeleteQuery { Collection = Text(random), Key = MakeKey(random) } },
        3 => new Query { Range = MakeRange(random) },
        4 => new Query { Filter = MakeFilter(random) },
        _ => new Query { Update = MakeUpdate(random) },
    };

    private static string Text(Random random) => string.Concat(Enumerable.Range(0, random.Next(3)).Select(_ => Texts[random.Next(Texts.Length)]));

    private static ByteString Bytes(Random random)
    {
        if (random.Next(3) > 0)
        {
            return ByteString.CopyFromUtf8(Text(random));
        }

        byte[] bytes = new byte[random.Next(6)];
        random.NextBytes(bytes);
        return ByteString.CopyFrom(bytes);
    }

    private static Key MakeKey(Random random) => new() { Data = Bytes(random) };

    private static CipherBlob MakeOperand(Random random) => new() { Data = Bytes(random) };

    private static CipherBlob MakeValue(Random random)
    {
        CipherBlob value = MakeOperand(random);
        if (random.Next(2) == 0)
        {
            value.Metadata = new CipherMetadata
            {
                Size = random.Next(2) == 0 ? 0 : ulong.MaxValue - (ulong)random.Next(),
                Compression = (CompressionType)random.Next(3),
                Checksum = (uint)random.Next(3),
                CreatedAt = random.Next(-2, 3),
            };
            if (random.Next(2) == 0)
            {
                value.Metadata.Version = (uint)random.Next(3);
            }
        }

        return value;
    }

    private static RangeQuery MakeRange(Random random)
    {
        var range = new RangeQuery
        {
            Collection = Text(random),
            Start = random.Next(3) == 0 ? null : MakeKey(random),
            End = random.Next(3) == 0 ? null : MakeKey(random),
        };
        if (random.Next(2) == 0)
        {
            range.Limit = (uint)random.Next(3);
        }

        return range;
    }

    private static FilterQuery MakeFilter(Random random)
    {
        var filter = new FilterQuery { Collection = Text(random), Predicate = MakePredicate(random, 5) };
        if (random.Next(2) == 0)
        {
            filter.Limit = uint.MaxValue;
        }

        if (random.Next(2) == 0)
        {
            filter.Offset = (uint)random.Next(3);
        }

        return filter;
    }

    private static UpdateQuery MakeUpdate(Random random)
    {
        var update = new UpdateQuery { Collection = Text(random), Predicate = MakePredicate(random, 2) };
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            ColumnRef column = MakeColumn(random);
            update.Updates.Add(random.Next(3) switch
            {
                0 => new Update { Set = new SetUpdate { Column = column, Value = MakeValue(random) } },
                1 => new Update { Add = new AddUpdate { Column = column, Value = MakeOperand(random) } },
                _ => new Update { Mul = new MulUpdate { Column = column, Value = MakeOperand(random) } },
            });
        }

        return update;
    }

    private static ColumnRef MakeColumn(Random random) => new() { Name = AqlText.ColumnNames[random.Next(AqlText.ColumnNames.Count)] };

    private static Predicate MakePredicate(Random random, int depth) => random.Next(depth == 0 ? 5 : 8) switch
    {
        0 => new Predicate { Eq = new EqPredicate { Column = MakeColumn(random), Value = MakeOperand(random) } },
        1 => new Predicate { Gt = new GtPredicate { Column = MakeColumn(random), Value = MakeOperand(random) } },
        2 => new Predicate { Lt = new LtPredicate { Column = MakeColumn(random), Value = MakeOperand(random) } },
        3 => new Predicate { Gte = new GtePredicate { Column = MakeColumn(random), Value = MakeOperand(random) } },
        4 => new Predicate { Lte = new LtePredicate { Column = MakeColumn(random), Value = MakeOperand(random) } },
        5 => Requests.And(MakePredicate(random, depth - 1), MakePredicate(random, depth - 1)),
        6 => Requests.Or(MakePredicate(random, depth - 1), MakePredicate(random, depth - 1)),
        _ => Requests.Not(MakePredicate(random, depth - 1)),
    };
}
