using Microsoft.Extensions.Logging;
using Net.Hosting.Certificates;
using Net.Security;

namespace Net.Hosting.Serving;

/// <summary>The certificates of <c>net serve</c>: watched while it runs.</summary>
internal static class ServeCertificates
{
    internal static CertificateSource Open(ServeOptions options, HostContext context, ILoggerFactory log)
    {
        bool hasTrust = options.ClientCertificateMode != ClientCertificateMode.None;
        CertificateFiles.Demand(options.CertificatePath, "--cert", "certificate");
        CertificateFiles.Demand(options.KeyPath, "--key", "private key");
        foreach (string path in options.IssuerPaths)
        {
            CertificateFiles.Demand(path, "--issuer", "issuer");
        }

        if (hasTrust)
        {
            CertificateFiles.Demand(options.AuthorityPath, "--ca", "authority");
        }
        else if (options.RevocationListPaths.Count > 0)
        {
            throw new HostException(ExitCodes.Usage, "--crl names certificates that clients must not show, and --client-certificate none asks for none; leave one of them out.");
        }

        try
        {
            return CertificateSource.Open(new CertificateSourceOptions
            {
                Name = "serve",
                Identities = [IdentityInput.FromPemFiles(options.CertificatePath, options.KeyPath)],
                TrustFiles = hasTrust ? [options.AuthorityPath] : [],
                RevocationListFiles = options.RevocationListPaths,
                IssuerFiles = options.IssuerPaths,
                Role = CertificateRole.Server,
                ClientCertificateMode = options.ClientCertificateMode,
                AllowEarlyData = options.AllowsEarlyData,
                TimeProvider = context.TimeProvider,
                LoggerFactory = log,
            });
        }
        catch (CertificateSourceException exception)
        {
            throw new HostException(ExitCodes.Certificate, $"{exception.Message} {CertificateFiles.Advice}", exception);
        }
    }
}
