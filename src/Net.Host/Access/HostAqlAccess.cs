using Net.Aql;
using Net.Grpc;
using Net.Protocol.Aql;
using Net.Security;
using Net.Server;

namespace Net.Hosting.Access;

/// <summary>Asks the rules of the server for each query of AQL.</summary>
internal sealed class HostAqlAccess : AqlAccess
{
    public override void Require(GrpcServerContext context, Query.QueryOneofCase operation, string collection) => context.RequireAccess(AccessTarget.ForQuery(
        operation switch
        {
            Query.QueryOneofCase.Get => QueryOperation.Get,
            Query.QueryOneofCase.Range => QueryOperation.Range,
            Query.QueryOneofCase.Filter => QueryOperation.Filter,
            Query.QueryOneofCase.Set => QueryOperation.Set,
            Query.QueryOneofCase.Update => QueryOperation.Update,
            Query.QueryOneofCase.Delete => QueryOperation.Delete,
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "It is no operation that rules know."),
        },
        collection));
}
