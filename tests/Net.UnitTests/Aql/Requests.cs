using Google.Protobuf;
using Net.Aql;
using Net.Protocol.Aql;

namespace Net.UnitTests.Aql;

/// <summary>Short ways to write queries.</summary>
internal static class Requests
{
    internal static readonly Predicate All = Gte("key", "");

    internal static Query Get(string collection, string key) => new() { Get = new GetQuery { Collection = collection, Key = Key(key) } };

    internal static Query Set(string collection, string key, string value) => new() { Set = new SetQuery { Collection = collection, Key = Key(key), Value = Blob(value) } };

    internal static Query Delete(string collection, string key) => new() { Delete = new DeleteQuery { Collection = collection, Key = Key(key) } };

    internal static Query Range(string collection, string? start = null, string? end = null, uint? limit = null)
    {
        var range = new RangeQuery { Collection = collection, Start = start is null ? null : Key(start), End = end is null ? null : Key(end) };
        if (limit is uint count)
        {
            range.Limit = count;
        }

        return new Query { Range = range };
    }

    internal static Query Filter(string collection, Predicate? predicate, uint? limit = null, uint? offset = null)
    {
        var filter = new FilterQuery { Collection = collection, Predicate = predicate };
        if (limit is uint count)
        {
            filter.Limit = count;
        }

        if (offset is uint skipped)
        {
            filter.Offset = skipped;
        }

        return new Query { Filter = filter };
    }

    internal static Query Update(string collection, Predicate? predicate, params Update[] updates) =>
        new() { Update = new UpdateQuery { Collection = collection, Predicate = predicate, Updates = { updates } } };

    internal static Predicate Eq(string column, string operand) => new() { Eq = new EqPredicate { Column = Column(column), Value = Blob(operand) } };

    internal static Predicate Gt(string column, string operand) => new() { Gt = new GtPredicate { Column = Column(column), Value = Blob(operand) } };

    internal static Predicate Lt(string column, string operand) => new() { Lt = new LtPredicate { Column = Column(column), Value = Blob(operand) } };

    internal static Predicate Gte(string column, string operand) => new() { Gte = new GtePredicate { Column = Column(column), Value = Blob(operand) } };

    internal static Predicate Lte(string column, string operand) => new() { Lte = new LtePredicate { Column = Column(column), Value = Blob(operand) } };

    internal static Predicate And(Predicate left, Predicate right) => new() { And = new AndPredicate { Left = left, Right = right } };

    internal static Predicate Or(Predicate left, Predicate right) => new() { Or = new OrPredicate { Left = left, Right = right } };

    internal static Predicate Not(Predicate predicate) => new() { Not = new NotPredicate { Predicate = predicate } };

    internal static Update SetTo(string column, string value) => new() { Set = new SetUpdate { Column = Column(column), Value = Blob(value) } };

    internal static Update Add(string column, string value) => new() { Add = new AddUpdate { Column = Column(column), Value = Blob(value) } };

    internal static Update Mul(string column, string value) => new() { Mul = new MulUpdate { Column = Column(column), Value = Blob(value) } };

    internal static Key Key(string key) => new() { Data = ByteString.CopyFromUtf8(key) };

    internal static CipherBlob Blob(string value) => new() { Data = ByteString.CopyFromUtf8(value) };

    internal static ColumnRef Column(string name) => new() { Name = name };

    internal static QueryRequest Request(Query? query) => new() { Query = query };

    internal static BatchRequest Batch(params Query[] queries) => new() { Queries = { queries } };

    /// <summary>Keys and values as "key=value", in the order of the answer.</summary>
    internal static string Rows(IEnumerable<KeyValue> values) => string.Join(' ', values.Select(row => $"{row.Key.Data.ToStringUtf8()}={row.Value.Data.ToStringUtf8()}"));

    internal static async Task<QueryResult> AnswerAsync(this AqlEngine engine, Query query)
    {
        QueryResponse response = await engine.ExecuteQueryAsync(Request(query));
        Assert.IsNull(response.Error, response.Error?.Message);
        return response.Result;
    }

    internal static async Task<ErrorResponse> RefusalAsync(this AqlEngine engine, Query? query)
    {
        QueryResponse response = await engine.ExecuteQueryAsync(Request(query));
        Assert.IsNotNull(response.Error, $"The query was answered: {response.Result}");
        Assert.AreEqual(AqlErrors.Find(response.Error.Code).Category, response.Error.Category);
        Assert.IsGreaterThan(20, response.Error.Message.Length, "A message says what, where and how to mend it.");
        return response.Error;
    }

    internal static async Task<string> ListAsync(this AqlEngine engine, Query query) => Rows((await engine.AnswerAsync(query)).Multi.Values);

    internal static async Task<ulong> AffectedAsync(this AqlEngine engine, Query query) => (await engine.AnswerAsync(query)).Success.AffectedRows;

    /// <summary>Sets "a" to "1", "b" to "2" and so on.</summary>
    internal static async Task FillAsync(this AqlEngine engine, string collection, string keys)
    {
        for (int i = 0; i < keys.Length; i++)
        {
            await engine.AnswerAsync(Set(collection, keys[i].ToString(), (i + 1).ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }
    }
}
