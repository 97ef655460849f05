using System.Globalization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Net.Aql;
using Net.Grpc;
using Net.Hosting.Access;
using Net.Hosting.Services;
using Net.Server;

namespace Net.Hosting.Serving;

/// <summary>The gRPC services of the server: echo, crypto and AQL, and gRPC's own health and reflection.</summary>
internal sealed class ServeServices : IAsyncDisposable
{
    private static readonly GrpcServiceDefinition[] Definitions = [EchoService.Definition, CryptoService.Definition, AqlService.Definition];

    private readonly EchoService _echo;
    private readonly CryptoService _crypto;
    private readonly AqlStore _store;
    private readonly AqlService _aql;
    private readonly GrpcHealthService _health = new();
    private readonly GrpcReflectionService _reflection = new([.. Definitions, GrpcHealthService.Definition]);

    private ServeServices(AqlStore store, HostContext context, ILoggerFactory loggerFactory)
    {
        _store = store;
        _echo = new EchoService(context.TimeProvider);
        _crypto = new CryptoService(context.TimeProvider);
        _aql = new AqlService(new AqlEngine(store, context.TimeProvider, logger: loggerFactory.CreateLogger("Net.Aql")), new HostAqlAccess());
        foreach (GrpcServiceDefinition definition in Definitions)
        {
            _health.Set(definition.Contract.Name, isServing: true);
        }
    }

    /// <summary>What the store of AQL keeps where, for the start of the server.</summary>
    internal string DescribeData
    {
        get
        {
            if (!_store.IsDurable)
            {
                return "in memory, gone when the server ends (--data DIR keeps it)";
            }

            AqlRecovery recovery = _store.Recovery;
            string cut = recovery.CutBytes == 0 ? ""
                : string.Create(CultureInfo.InvariantCulture, $"; {recovery.CutBytes} bytes of a write that a crash left half done were cut off {recovery.CutFile}");
            return string.Create(CultureInfo.InvariantCulture, $"{_store.RowCount} rows in {_store.CollectionCount} collections, {recovery.ReplayedCommits} commits read from the log{cut}");
        }
    }

    /// <summary>Makes keys and opens the store.</summary>
    /// <param name="directory">Where AQL keeps its rows; <c>null</c>: in memory.</param>
    /// <param name="context">The clock.</param>
    /// <param name="loggerFactory">The log.</param>
    /// <exception cref="HostException">The store cannot be opened.</exception>
    internal static ServeServices Open(string? directory, HostContext context, ILoggerFactory loggerFactory)
    {
        try
        {
            AqlStore store = directory is null ? AqlStore.CreateInMemory() : AqlStore.Open(directory, logger: loggerFactory.CreateLogger("Net.Aql"));
            return new ServeServices(store, context, loggerFactory);
        }
        catch (AqlException exception)
        {
            throw new HostException(
                ExitCodes.Failure, $"The data in '{directory}' cannot be used: {exception.Message}\nAnother directory can be named with --data; without it rows are kept in memory.", exception);
        }
    }

    internal void Map(IEndpointRouteBuilder application)
    {
        application.MapNetGrpc(EchoService.Definition, _echo);
        application.MapNetGrpc(CryptoService.Definition, _crypto);
        application.MapNetGrpc(AqlService.Definition, _aql);
        application.MapNetGrpc(GrpcHealthService.Definition, _health);
        application.MapNetGrpc(GrpcReflectionService.Definition, _reflection);
    }

    /// <summary>Tells those who watch the health that this server ends.</summary>
    internal void StartDraining() => _health.ShutDown();

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync().ConfigureAwait(false);
        _crypto.Dispose();
    }
}
