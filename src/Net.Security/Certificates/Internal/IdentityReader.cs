using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Net.Security.Internal;

/// <summary>Reads one identity for one source, in two steps: what is there now, which is cheap and done often, and what it means, which is done when it changed.</summary>
internal abstract class IdentityReader
{
    /// <summary>What it reads, for messages.</summary>
    internal abstract string Description { get; }

    /// <summary>Reads what is there.</summary>
    /// <param name="isAsked">Whether what is known from a short time ago must be read again.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The content. Completed already unless <see cref="IsAsync"/>.</returns>
    /// <exception cref="CertificateSourceException">It cannot be read.</exception>
    internal abstract ValueTask<IdentityContent> ReadAsync(bool isAsked, CancellationToken cancellationToken);

    /// <summary>Whether reading waits.</summary>
    internal virtual bool IsAsync => false;
}

/// <summary>What a reader found.</summary>
internal abstract class IdentityContent
{
    /// <summary>SHA-256 over all of it: equal content has an equal digest.</summary>
    internal abstract byte[] Digest { get; }

    /// <summary>Makes sense of it.</summary>
    /// <returns>The leaf with its key, and the certificates that came with it.</returns>
    /// <exception cref="CertificateSourceException">It makes none.</exception>
    internal abstract (X509Certificate2 Leaf, IReadOnlyList<X509Certificate2> Others) Parse();

    /// <summary>Erases what may be secret.</summary>
    internal virtual void Erase()
    {
    }
}

/// <summary>The bytes of files.</summary>
internal sealed class FileContent(byte[][] files, Func<byte[][], (X509Certificate2 Leaf, IReadOnlyList<X509Certificate2> Others)> parse) : IdentityContent
{
    internal override byte[] Digest { get; } = ContentDigest.Of(files);

    internal override (X509Certificate2 Leaf, IReadOnlyList<X509Certificate2> Others) Parse() => parse(files);

    internal override void Erase()
    {
        foreach (byte[] file in files)
        {
            CryptographicOperations.ZeroMemory(file);
        }
    }
}

/// <summary>Certificates that are objects already.</summary>
internal sealed class ObjectContent(X509Certificate2 leaf, IReadOnlyList<X509Certificate2> others) : IdentityContent
{
    internal override byte[] Digest { get; } = ContentDigest.Of([leaf.RawData, .. others.Select(static other => other.RawData)]);

    internal override (X509Certificate2 Leaf, IReadOnlyList<X509Certificate2> Others) Parse() => (leaf, others);
}
