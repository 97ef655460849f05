using System.Security.Cryptography;

namespace Net.Security.Internal;

/// <summary>One file that a source watches by its content.</summary>
/// <remarks>
/// Small files are read each time: time stamps are too coarse, and an in-place write may keep the length. A large one, as a revocation list may be, is read when its time stamp, length or
/// the target of its links changed, and every <see cref="LargeInterval"/> nevertheless.
/// </remarks>
internal sealed class SourceFile
{
    private const int LargeSize = 64 * 1024;
    private static readonly TimeSpan LargeInterval = TimeSpan.FromSeconds(10);

    private readonly string? _baseDirectory;
    private readonly int _maxSize;
    private (DateTime Written, long Length, string Target) _stamp;
    private byte[]? _largeContent;
    private long _largeReadAt;

    internal SourceFile(string path, string? baseDirectory, int maxSize)
    {
        Path = System.IO.Path.GetFullPath(path, baseDirectory ?? Environment.CurrentDirectory);
        _baseDirectory = baseDirectory is null ? null : System.IO.Path.GetFullPath(baseDirectory);
        _maxSize = maxSize;
    }

    /// <summary>The full path as it was named, links not resolved, so that a link that is set anew is followed.</summary>
    internal string Path { get; }

    /// <summary>Reads the file.</summary>
    /// <param name="timeProvider">Says how old what is known of a large file is.</param>
    /// <returns>The bytes, which the caller may erase.</returns>
    /// <exception cref="CertificateSourceException"><see cref="CertificateFault.Unreadable"/>, with the reason.</exception>
    internal byte[] Read(TimeProvider timeProvider)
    {
        try
        {
            string target = _baseDirectory is null ? Path : RealPath.Resolve(Path);
            if (_baseDirectory is not null && !RealPath.IsWithin(target, RealPath.Resolve(_baseDirectory)))
            {
                throw Fault($"leads to '{PeerText.Clean(target)}', outside {nameof(CertificateSourceOptions)}.{nameof(CertificateSourceOptions.BaseDirectory)} '{_baseDirectory}'; keep the file and what its links point at inside.");
            }

            if (Directory.Exists(target))
            {
                throw Fault("is a directory; name the file in it.");
            }

            var info = new FileInfo(target);
            if (!info.Exists)
            {
                throw Fault("does not exist; create it, or name another.");
            }

            // Not opened, because opening a pipe or a device, whose length is 0, too, may wait for ever.
            if (info.Length == 0)
            {
                throw Fault("is empty or no regular file.");
            }

            if (info.Length > _maxSize)
            {
                throw Fault($"has {info.Length} bytes, more than the limit of {_maxSize}; is it the right file?");
            }

            return info.Length > LargeSize ? ReadLarge(RealPath.Resolve(target), info, timeProvider) : ReadWhole(target);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CertificateSourceException(CertificateFault.Unreadable, $"The file '{Path}' cannot be read: {exception.Message} Check that it is there and that this process may read it.", exception);
        }
    }

    private byte[] ReadLarge(string target, FileInfo info, TimeProvider timeProvider)
    {
        (DateTime, long, string) stamp = (info.LastWriteTimeUtc, info.Length, target);
        if (_largeContent is null || stamp != _stamp || timeProvider.GetElapsedTime(_largeReadAt) >= LargeInterval)
        {
            _largeContent = ReadWhole(target);
            _largeReadAt = timeProvider.GetTimestamp();
            _stamp = stamp;
        }

        // A copy, as callers erase what they get.
        return [.. _largeContent];
    }

    private byte[] ReadWhole(string target)
    {
        using FileStream stream = new(target, new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
        byte[] buffer = new byte[Math.Min(stream.Length, _maxSize) + 1];
        int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        byte[] content = buffer.AsSpan(0, length).ToArray();
        CryptographicOperations.ZeroMemory(buffer);

        // One byte more than it had: it is being written to, and the next look sees the rest.
        return content;
    }

    private CertificateSourceException Fault(string what) => new(CertificateFault.Unreadable, $"The file '{Path}' {what}");
}
