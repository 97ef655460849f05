using System.Security.Cryptography.X509Certificates;

namespace Net;

/// <summary>Turns names that a peer chose into text that is fit for logs.</summary>
internal static class CertificateText
{
    private const int MaxLength = 200;

    public static string Describe(X509Certificate2 certificate) => Clean(certificate.Subject.Length == 0 ? "no subject, serial " + certificate.SerialNumber : certificate.Subject);

    /// <summary>Cuts the text and takes control characters out, so that a peer can neither flood a log nor forge its lines.</summary>
    public static string Clean(string? text) => PlainText.Clean(text, MaxLength);
}
