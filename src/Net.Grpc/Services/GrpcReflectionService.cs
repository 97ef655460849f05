using Google.Protobuf.Reflection;
using Net.Grpc.Messages;

namespace Net.Grpc;

/// <summary>Serves <c>grpc.reflection.v1.ServerReflection</c>, which tools such as grpcurl ask what a server has. It tells everything about the services it is given, so map it where that may be known.</summary>
public sealed class GrpcReflectionService
{
    private readonly DescriptorIndex _index;
    private readonly string[] _services;

    /// <summary>Makes the service.</summary>
    /// <param name="services">What to tell about; reflection itself is added.</param>
    public GrpcReflectionService(params IEnumerable<GrpcServiceDefinition> services)
    {
        ArgumentNullException.ThrowIfNull(services);
        ServiceDescriptor[] all = [.. services.Select(s => s.Descriptor).Append(GrpcReflectionMethods.Contract.Service).DistinctBy(s => s.FullName)];
        _services = [.. all.Select(s => s.FullName).Order(StringComparer.Ordinal)];
        _index = new DescriptorIndex(all.Select(s => s.File));
    }

    /// <summary>The service's methods, for the server to map.</summary>
    public static GrpcServiceDefinition<GrpcReflectionService> Definition { get; } = GrpcServiceDefinition.Create<GrpcReflectionService>(GrpcReflectionMethods.Contract, methods => methods
        .Duplex(GrpcReflectionMethods.ServerReflectionInfo, static (service, requests, responses, _) => service.AnswerAllAsync(requests, responses)));

    private async ValueTask AnswerAllAsync(GrpcMessageReader<ServerReflectionRequest> requests, GrpcMessageWriter<ServerReflectionResponse> responses)
    {
        await foreach (ServerReflectionRequest request in requests.ConfigureAwait(false))
        {
            ServerReflectionResponse response = Answer(request);
            response.ValidHost = request.Host;
            response.OriginalRequest = request;
            await responses.WriteAsync(response).ConfigureAwait(false);
        }
    }

    private ServerReflectionResponse Answer(ServerReflectionRequest request) => request.MessageRequestCase switch
    {
        ServerReflectionRequest.MessageRequestOneofCase.ListServices => new ServerReflectionResponse
        {
            ListServicesResponse = new ListServiceResponse { Service = { _services.Select(name => new ServiceResponse { Name = name }) } },
        },
        ServerReflectionRequest.MessageRequestOneofCase.FileByFilename => File(_index.FindByName(request.FileByFilename), "file"),
        ServerReflectionRequest.MessageRequestOneofCase.FileContainingSymbol => File(_index.FindBySymbol(request.FileContainingSymbol), "symbol"),
        ServerReflectionRequest.MessageRequestOneofCase.FileContainingExtension =>
            File(_index.FindByExtension(request.FileContainingExtension.ContainingType, request.FileContainingExtension.ExtensionNumber), "extension"),
        ServerReflectionRequest.MessageRequestOneofCase.AllExtensionNumbersOfType => Extensions(request.AllExtensionNumbersOfType),
        _ => Error(GrpcStatusCode.InvalidArgument, "The request asks for nothing that is known here."),
    };

    private static ServerReflectionResponse File(FileDescriptor? file, string what) => file is null
        ? Error(GrpcStatusCode.NotFound, $"There is no such {what}.")
        : new ServerReflectionResponse
        {
            FileDescriptorResponse = new FileDescriptorResponse { FileDescriptorProto = { DescriptorIndex.WithDependencies(file).Select(f => f.SerializedData) } },
        };

    private static ServerReflectionResponse Error(GrpcStatusCode code, string message) =>
        new() { ErrorResponse = new ErrorResponse { ErrorCode = (int)code, ErrorMessage = message } };

    private ServerReflectionResponse Extensions(string type) => _index.ExtensionNumbers(type) is { } numbers
        ? new ServerReflectionResponse { AllExtensionNumbersResponse = new ExtensionNumberResponse { BaseTypeName = type, ExtensionNumber = { numbers } } }
        : Error(GrpcStatusCode.NotFound, "There is no such message.");
}
