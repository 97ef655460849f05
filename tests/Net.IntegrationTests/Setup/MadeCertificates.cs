using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.IntegrationTests.Setup;

/// <summary>A directory that certs/make-certs.sh fills, and a reader for what is in it.</summary>
internal sealed class MadeCertificates : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public MadeCertificates()
    {
        SetupRequirement.Program("bash");
        SetupRequirement.Program("openssl");
    }

    public string OutputDirectory => _directory.Combine("out");

    public string PathOf(string file) => Path.Combine(OutputDirectory, file);

    /// <summary>Runs the script into the directory and expects success.</summary>
    public async Task<ScriptResult> MakeAsync(params string[] arguments)
    {
        ScriptResult result = await RunAsync(arguments);
        Assert.AreEqual(0, result.ExitCode, result.Everything);
        return result;
    }

    public Task<ScriptResult> RunAsync(params string[] arguments) => RunAsync(arguments, environment: null);

    public Task<ScriptResult> RunAsync(string[] arguments, IReadOnlyDictionary<string, string>? environment) =>
        ScriptRun.StartAsync("bash", [RepositoryFiles.PathOf("certs/make-certs.sh"), "--out", OutputDirectory, .. arguments], environment);

    /// <summary>Runs the script with an openssl that fails once its arguments contain some text.</summary>
    public Task<ScriptResult> RunWithFailingOpenSslAsync(string failAt, params string[] arguments)
    {
        string path = _directory.WriteFile(Path.Combine("bin", "openssl"), $$"""
            #!/bin/bash
            case "$*" in *'{{failAt}}'*) echo 'the disk is full' >&2; exit 1 ;; esac
            PATH="${PATH#*:}" exec openssl "$@"

            """);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return RunAsync(arguments, new Dictionary<string, string>
        {
            ["PATH"] = $"{_directory.Combine("bin")}:{Environment.GetEnvironmentVariable("PATH")}",
        });
    }

    public X509Certificate2 Read(string name) => X509Certificate2.CreateFromPem(File.ReadAllText(PathOf($"{name}.pem")));

    /// <summary>Reads a certificate together with its key; throws when they do not fit.</summary>
    public X509Certificate2 ReadWithKey(string name) => X509Certificate2.CreateFromPemFile(PathOf($"{name}.pem"), PathOf($"{name}-key.pem"));

    /// <summary>The DNS names of a certificate in their order, between blanks.</summary>
    public string DnsNames(string name)
    {
        using X509Certificate2 certificate = Read(name);
        return string.Join(' ', AlternativeNames(certificate).EnumerateDnsNames());
    }

    /// <summary>The IP addresses of a certificate in their order, between blanks.</summary>
    public string Addresses(string name)
    {
        using X509Certificate2 certificate = Read(name);
        return string.Join(' ', AlternativeNames(certificate).EnumerateIPAddresses());
    }

    /// <summary>Every file with its bytes in hexadecimal, to see what a run changed.</summary>
    public SortedDictionary<string, string> Snapshot() =>
        new(Directory.GetFiles(OutputDirectory).ToDictionary(file => Path.GetFileName(file), file => Convert.ToHexString(File.ReadAllBytes(file))));

    /// <summary>Puts a server certificate of the same authority in place whose validity the test chooses.</summary>
    public void ReplaceServerCertificate(DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        using X509Certificate2 authority = ReadWithKey("ca");
        using X509Certificate2 model = Read("server");
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(model.SubjectName, key, HashAlgorithmName.SHA256);
        foreach (X509Extension extension in model.Extensions)
        {
            request.CertificateExtensions.Add(extension is X509SubjectKeyIdentifierExtension
                ? new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false)
                : extension);
        }

        using ECDsa authorityKey = authority.GetECDsaPrivateKey()!;
        using X509Certificate2 certificate = request.Create(
            authority.SubjectName, X509SignatureGenerator.CreateForECDsa(authorityKey), notBefore, notAfter, [1, 2, 3]);
        File.WriteAllText(PathOf("server.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(PathOf("server-key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Puts an authority in place whose validity is over, with a key that fits it.</summary>
    public void ReplaceAuthorityWithExpiredOne(DateTimeOffset notAfter)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=Net development authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        using X509Certificate2 certificate = request.CreateSelfSigned(notAfter.AddDays(-10), notAfter);
        File.WriteAllText(PathOf("ca.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(PathOf("ca-key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose() => _directory.Dispose();

    private static X509SubjectAlternativeNameExtension AlternativeNames(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
}
