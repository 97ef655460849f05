using System.Security.Cryptography.X509Certificates;
using Net.Testing;

namespace Net.UnitTests.Channels;

/// <summary>A folder with the PEM files that the examples name.</summary>
internal sealed class PemFolder : IDisposable
{
    internal PemFolder()
    {
        TestCertificates certificates = TestCertificates.Shared;
        File.WriteAllText(PathOf("ca.pem"), certificates.Root.ExportCertificatePem());
        File.WriteAllText(PathOf("intermediates.pem"), certificates.Intermediate.ExportCertificatePem());
        TlsIdentity client = certificates.Client;
        File.WriteAllText(PathOf("client.pem"), string.Join('\n', client.Intermediates.Prepend(client.Certificate).Select(static c => c.ExportCertificatePem())));
        File.WriteAllText(PathOf("client-key.pem"), client.Certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }

    internal string Path { get; } = Directory.CreateTempSubdirectory("net-channels-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private string PathOf(string name) => System.IO.Path.Combine(Path, name);
}
