using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Net.Security.Internal;

/// <summary>Reads PEM (RFC 7468) more strictly than the in-box types, which pass over what is cut off.</summary>
internal static class PemText
{
    internal const string Certificate = "CERTIFICATE";
    internal const string RevocationList = "X509 CRL";
    private const string Begin = "-----BEGIN ";
    private const string End = "-----END ";

    /// <summary>The text of a PEM file.</summary>
    /// <exception cref="CertificateSourceException"><see cref="CertificateFault.Malformed"/>: a block begins that does not end, as in a file that is half written.</exception>
    internal static string Decode(string path, byte[] content)
    {
        // What is not ASCII can only stand between the blocks.
        string text = Encoding.Latin1.GetString(content);
        if (Count(text, Begin) != Count(text, End))
        {
            throw new CertificateSourceException(
                CertificateFault.Malformed, $"The file '{path}' is cut off: a PEM block begins in it that does not end. Write the whole file, best beside its place, and rename it.");
        }

        return text;
    }

    /// <summary>The blocks with a label, decoded.</summary>
    internal static List<byte[]> Blocks(string path, string text, string label)
    {
        var blocks = new List<byte[]>();
        ReadOnlySpan<char> rest = text;
        while (PemEncoding.TryFind(rest, out PemFields fields))
        {
            if (rest[fields.Label].SequenceEqual(label))
            {
                blocks.Add(Convert.FromBase64String(rest[fields.Base64Data].ToString()));
            }

            rest = rest[fields.Location.End..];
        }

        // TryFind passes over a block whose text is no base64.
        if (blocks.Count != Count(text, $"{Begin}{label}-----"))
        {
            throw new CertificateSourceException(CertificateFault.Malformed, $"The file '{path}' holds a block {label} that is no base64; write it anew.");
        }

        return blocks;
    }

    /// <summary>All certificates of a PEM file, in their order; at least one.</summary>
    internal static List<X509Certificate2> Certificates(string path, string text)
    {
        var certificates = new List<X509Certificate2>();
        try
        {
            foreach (byte[] der in Blocks(path, text, Certificate))
            {
                certificates.Add(X509CertificateLoader.LoadCertificate(der));
            }
        }
        catch (CryptographicException exception)
        {
            throw new CertificateSourceException(CertificateFault.Malformed, $"Certificate {certificates.Count + 1} in the file '{path}' cannot be read: {exception.Message} Write it anew.", exception);
        }

        return certificates.Count > 0
            ? certificates
            : throw new CertificateSourceException(CertificateFault.Malformed, $"The file '{path}' holds no certificate; it must hold at least one block -----BEGIN CERTIFICATE-----.");
    }

    private static int Count(string text, string what)
    {
        int count = 0;
        for (int at = text.IndexOf(what, StringComparison.Ordinal); at >= 0; at = text.IndexOf(what, at + what.Length, StringComparison.Ordinal))
        {
            count++;
        }

        return count;
    }
}
