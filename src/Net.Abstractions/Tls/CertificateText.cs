using System.Security.Cryptography.X509Certificates;

namespace Net;

/// <summary>Turns names that a peer chose into text that is fit for logs.</summary>
internal static class CertificateText
{
    private const int MaxLength = 200;

    public static string Describe(X509Certificate2 certificate) => Clean(certificate.Subject.Length == 0 ? "no subject, serial " + certificate.SerialNumber : certificate.Subject);

    /// <summary>Cuts the text and takes control characters out, so that a peer can neither flood a log nor forge its lines.</summary>
    public static string Clean(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }

        string cut = text.Length > MaxLength ? text[..MaxLength] + "..." : text;
        return string.Create(cut.Length, cut, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) || source[i] is '\u2028' or '\u2029' ? '?' : source[i];
            }
        });
    }
}
