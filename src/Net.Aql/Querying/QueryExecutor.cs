using Google.Protobuf;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Evaluates one query on a transaction.</summary>
internal static class QueryExecutor
{
    internal static bool Writes(Query query) => query.QueryCase is Query.QueryOneofCase.Set or Query.QueryOneofCase.Delete or Query.QueryOneofCase.Update;

    /// <summary>Evaluates a query and gathers its whole answer.</summary>
    /// <exception cref="AqlException">The query is refused; nothing that the transaction wrote may be kept then.</exception>
    internal static QueryResult Execute(Query? query, StoreTransaction transaction, QueryContext context)
    {
        context.Deadline.ThrowIfOver();
        switch (query?.QueryCase ?? Query.QueryOneofCase.None)
        {
            case Query.QueryOneofCase.Set:
                return Success(Set(query!.Set, transaction, context));
            case Query.QueryOneofCase.Delete:
                return Success(transaction.Delete(QueryContext.CheckCollection(query!.Delete.Collection), context.CheckKey(query.Delete.Key)) ? 1 : 0);
            case Query.QueryOneofCase.Update:
                return Success(Update(query!.Update, transaction, context));
            case Query.QueryOneofCase.Get:
                var single = new SingleResult();
                foreach (Row row in Rows(query!, transaction, context))
                {
                    context.CountAnswer(row);
                    single.Value = ToBlob(row);
                }

                return new QueryResult { Single = single };
            default:
                var multi = new MultiResult();
                foreach (Row row in Rows(query!, transaction, context))
                {
                    context.CountAnswer(row);
                    multi.Values.Add(ToMessage(row));
                }

                return new QueryResult { Multi = multi };
        }
    }

    /// <summary>The rows that a query which writes nothing asks for, in the order of their keys. What is wrong with the query is said before the first one.</summary>
    internal static IEnumerable<Row> Rows(Query query, StoreTransaction transaction, QueryContext context) => query?.QueryCase switch
    {
        Query.QueryOneofCase.Get => Get(query.Get, transaction, context),
        Query.QueryOneofCase.Range => Range(query.Range, transaction, context),
        Query.QueryOneofCase.Filter => Filter(query.Filter, transaction, context),
        _ => throw new AqlException(ErrorCode.ProtocolMissingField, "The request has no query; it is one of get, set, delete, filter, update and range."),
    };

    internal static KeyValue ToMessage(Row row) => new() { Key = new Key { Data = row.Key }, Value = ToBlob(row) };

    private static CipherBlob ToBlob(Row row) => new() { Data = row.Data, Metadata = row.Metadata.ToMessage() };

    private static QueryResult Success(long affected) => new() { Success = new SuccessResult { AffectedRows = (ulong)affected } };

    private static long Set(SetQuery query, StoreTransaction transaction, QueryContext context)
    {
        string collection = QueryContext.CheckCollection(query.Collection);
        ByteString key = context.CheckKey(query.Key);
        (ByteString data, RowMetadata metadata) = context.CheckValue(query.Value);
        transaction.Set(collection, new Row(key, data, metadata));
        return 1;
    }

    private static long Update(UpdateQuery query, StoreTransaction transaction, QueryContext context)
    {
        string collection = QueryContext.CheckCollection(query.Collection);
        RowCondition condition = PredicateCompiler.Compile(query.Predicate, context.Limits);
        var change = new RowChange(query.Updates, context);
        long affected = 0;
        // The tree that is walked stays as it was while the transaction's changes.
        foreach (Row row in Matching(transaction.Collection(collection), condition, context))
        {
            transaction.Set(collection, change.Apply(row));
            affected++;
        }

        return affected;
    }

    private static IEnumerable<Row> Get(GetQuery query, StoreTransaction transaction, QueryContext context) =>
        transaction.Collection(QueryContext.CheckCollection(query.Collection)).Find(context.CheckKey(query.Key).Span) is { } row ? [row] : [];

    private static IEnumerable<Row> Range(RangeQuery query, StoreTransaction transaction, QueryContext context)
    {
        IEnumerable<Row> rows = transaction.Collection(QueryContext.CheckCollection(query.Collection)).Scan(query.Start?.Data, query.End?.Data);
        return Counted(query.HasLimit ? Limit(rows, query.Limit) : rows, context);
    }

    private static IEnumerable<Row> Filter(FilterQuery query, StoreTransaction transaction, QueryContext context)
    {
        RowTree rows = transaction.Collection(QueryContext.CheckCollection(query.Collection));
        IEnumerable<Row> matching = Matching(rows, PredicateCompiler.Compile(query.Predicate, context.Limits), context);
        if (query.HasOffset)
        {
            matching = Skip(matching, query.Offset);
        }

        return query.HasLimit ? Limit(matching, query.Limit) : matching;
    }

    private static IEnumerable<Row> Matching(RowTree rows, RowCondition condition, QueryContext context)
    {
        KeyBounds bounds = condition.Bounds;
        return Counted(rows.Scan(bounds.Start, bounds.End), context).Where(condition.Holds);
    }

    private static IEnumerable<Row> Counted(IEnumerable<Row> rows, QueryContext context)
    {
        foreach (Row row in rows)
        {
            context.CountRow();
            yield return row;
        }
    }

    // Take and Skip of the library count with an int; limits here go up to 2^32 - 1.
    private static IEnumerable<Row> Limit(IEnumerable<Row> rows, uint limit)
    {
        if (limit == 0)
        {
            yield break;
        }

        uint count = 0;
        foreach (Row row in rows)
        {
            yield return row;
            if (++count == limit)
            {
                yield break;
            }
        }
    }

    private static IEnumerable<Row> Skip(IEnumerable<Row> rows, uint offset)
    {
        uint left = offset;
        foreach (Row row in rows)
        {
            if (left > 0)
            {
                left--;
                continue;
            }

            yield return row;
        }
    }
}
