using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Testing;

/// <summary>A directory with certificates, keys, trust and revocation lists as a deployment has them, that goes when the test ends.</summary>
public sealed class CertificateDirectory : IDisposable
{
    /// <summary>Where it is.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("net-certs-").FullName;

    /// <summary>The path of a file in it.</summary>
    /// <param name="name">The file's name.</param>
    /// <returns>The path.</returns>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>The PEM text of a certificate's key.</summary>
    /// <param name="certificate">The certificate with its key.</param>
    /// <returns>PKCS#8 in PEM form.</returns>
    public static string KeyPem(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        using AsymmetricAlgorithm key = (AsymmetricAlgorithm?)certificate.GetECDsaPrivateKey() ?? certificate.GetRSAPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem() + "\n";
    }

    /// <summary>The PEM text of certificates, one after the other.</summary>
    /// <param name="certificates">The certificates.</param>
    /// <returns>The text.</returns>
    public static string Pem(params X509Certificate2[] certificates) => string.Concat(certificates.Select(static certificate => certificate.ExportCertificatePem() + "\n"));

    /// <summary>Writes a file beside its place and renames it, as careful programs do.</summary>
    /// <param name="name">The file's name.</param>
    /// <param name="text">Its text.</param>
    public void Replace(string name, string text)
    {
        string temporary = this[name + ".tmp"];
        File.WriteAllText(temporary, text);
        File.Move(temporary, this[name], overwrite: true);
    }

    /// <summary>Puts a certificate, what leads to its root, and its key in place: NAME.pem and NAME-key.pem.</summary>
    /// <param name="name">The name.</param>
    /// <param name="certificate">The certificate with its key.</param>
    /// <param name="intermediates">What follows it.</param>
    public void ReplacePair(string name, X509Certificate2 certificate, params X509Certificate2[] intermediates)
    {
        Replace(name + "-key.pem", KeyPem(certificate));
        Replace(name + ".pem", Pem([certificate, .. intermediates]));
    }

    /// <summary>Removes the directory.</summary>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
