using Net.Grpc;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Says what callers may do with collections. Asked for each query, in a batch for all of them before the first, and for each chunk of a stream.</summary>
public abstract class AqlAccess
{
    /// <summary>Refuses a caller that may not do something with a collection. It is asked before the store is, so that the answer does not depend on whether the collection exists.</summary>
    /// <param name="context">The call.</param>
    /// <param name="operation">What is to be done.</param>
    /// <param name="collection">The collection's name as it came; it may be one that no collection can have.</param>
    /// <exception cref="GrpcException">The caller may not; the call ends with this status, and nothing of its batch took effect.</exception>
    public abstract void Require(GrpcServerContext context, Query.QueryOneofCase operation, string collection);

    /// <summary>Refuses a caller that may not make a query. One that says nothing of what it wants passes: it is answered that it is malformed.</summary>
    internal void Require(GrpcServerContext context, Query? query)
    {
        string? collection = query?.QueryCase switch
        {
            Query.QueryOneofCase.Get => query.Get.Collection,
            Query.QueryOneofCase.Set => query.Set.Collection,
            Query.QueryOneofCase.Delete => query.Delete.Collection,
            Query.QueryOneofCase.Filter => query.Filter.Collection,
            Query.QueryOneofCase.Update => query.Update.Collection,
            Query.QueryOneofCase.Range => query.Range.Collection,
            _ => null,
        };
        if (collection is not null)
        {
            Require(context, query!.QueryCase, collection);
        }
    }
}
