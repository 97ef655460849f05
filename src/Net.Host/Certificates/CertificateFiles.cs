using System.Security.Cryptography;

namespace Net.Hosting.Certificates;

/// <summary>Loads certificates from files and says in plain words what is wrong with them.</summary>
internal static class CertificateFiles
{
    internal const string DefaultDirectory = "certs/out";

    internal const string Advice = "`make certs` makes a set for development in " + DefaultDirectory + ".";

    internal static TlsIdentity LoadIdentity(string certificatePath, string keyPath, DateTimeOffset now)
    {
        Demand(certificatePath, "--cert", "certificate");
        Demand(keyPath, "--key", "private key");
        TlsIdentity identity;
        try
        {
            identity = TlsIdentity.FromPemFiles(certificatePath, keyPath);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new HostException(
                ExitCodes.Certificate,
                $"The certificate '{certificatePath}' cannot be used with the key '{keyPath}': {exception.Message}\nBoth must be PEM files, the key not encrypted, and belong together. {Advice}",
                exception);
        }

        if (identity.Certificate.NotAfter.ToUniversalTime() < now || identity.Certificate.NotBefore.ToUniversalTime() > now)
        {
            throw new HostException(
                ExitCodes.Certificate,
                $"The certificate '{certificatePath}' is valid from {Format(identity.Certificate.NotBefore)} to {Format(identity.Certificate.NotAfter)}, and now it is {Format(now.UtcDateTime)}: every peer would refuse it. {Advice}");
        }

        return identity;
    }

    internal static CertificateTrust LoadTrust(string path)
    {
        Demand(path, "--ca", "authority");
        try
        {
            return CertificateTrust.FromPemFile(path);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new HostException(ExitCodes.Certificate, $"The authority '{path}' cannot be used: {exception.Message} {Advice}", exception);
        }
    }

    private static string Format(DateTime time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", System.Globalization.CultureInfo.InvariantCulture);

    internal static void Demand(string path, string option, string what)
    {
        if (!File.Exists(path))
        {
            throw new HostException(ExitCodes.Certificate, $"The {what} file '{path}' does not exist. Name another with {option}; {Advice}");
        }
    }
}
