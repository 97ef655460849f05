using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Net.Grpc;
using Net.IntegrationTests.Grpc.Messages;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Setup;
using Net.Testing;

namespace Net.IntegrationTests.Grpc;

/// <summary>What foreign gRPC programs need on disk: certificates, and the services' descriptors.</summary>
internal sealed class GrpcPeerFiles : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public GrpcPeerFiles()
    {
        TlsIdentity server = TestCertificates.Shared.Server;
        Authority = _directory.WriteFile("ca.pem", TestCertificates.Shared.Root.ExportCertificatePem());
        Certificate = _directory.WriteFile("server.pem", string.Join('\n', server.Intermediates.Prepend(server.Certificate).Select(c => c.ExportCertificatePem())));
        Key = _directory.WriteFile("server-key.pem", server.Certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        FileDescriptor[] files = [.. TestReflection.Descriptor.Dependencies, TestReflection.Descriptor, GrpcHealthMethods.Contract.Service.File, GrpcReflectionMethods.Contract.Service.File];
        Descriptors = _directory.Combine("descriptors.bin");
        File.WriteAllBytes(Descriptors, new FileDescriptorSet { File = { files.Select(f => f.ToProto()) } }.ToByteArray());
    }

    public string Authority { get; }

    public string Certificate { get; }

    public string Key { get; }

    public string Descriptors { get; }

    /// <summary>Where the scripts of the grpc-js peer are.</summary>
    public static string RequireGrpcJs()
    {
        InteropRequirement.RequireProgram("node", "nodejs");
        string directory = RepositoryFiles.PathOf("tests/peers/grpc-js");
        if (!Directory.Exists(Path.Combine(directory, "node_modules", "@grpc", "grpc-js")))
        {
            SetupRequirement.Missing("The npm package @grpc/grpc-js is not in tests/peers/grpc-js/node_modules. Run src/setup/peers.sh.");
        }

        return directory;
    }

    /// <summary>The Python that Debian's packages are for, whatever else is in PATH.</summary>
    public static string RequirePythonWithGrpc()
    {
        const string python = "/usr/bin/python3";
        if (!File.Exists(python) || !Directory.Exists("/usr/lib/python3/dist-packages/grpc"))
        {
            SetupRequirement.Missing("C-core gRPC of the package python3-grpcio is not installed. Run src/setup/peers.sh.");
        }

        return python;
    }

    public void Dispose() => _directory.Dispose();
}
