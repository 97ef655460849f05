using Net.Security;

namespace Net.Hosting.Access;

/// <summary>Files that hold nothing but a secret: the pepper of API keys, the key of the audit.</summary>
internal static class SecretFile
{
    private const int MaxBytes = 4096;

    /// <summary>Reads one. A line break at its end is no part of the secret, as editors and shells leave one behind.</summary>
    /// <exception cref="IOException">It cannot be read, or is too large.</exception>
    /// <exception cref="ArgumentException">It is too short to be a secret.</exception>
    internal static byte[] Read(string path)
    {
        var file = new FileInfo(path);
        if (file.Exists && file.Length > MaxBytes)
        {
            throw new IOException($"The secret in '{path}' has {file.Length} bytes; it may have {MaxBytes}.");
        }

        byte[] bytes = File.ReadAllBytes(path);
        byte[] secret = bytes.AsSpan().TrimEnd("\r\n"u8).ToArray();
        return secret.Length >= AuditOptions.MinKeyBytes
            ? secret
            : throw new ArgumentException($"The secret in '{path}' has {secret.Length} bytes; it needs {AuditOptions.MinKeyBytes}. `openssl rand -hex {AuditOptions.MinKeyBytes} > FILE` makes one.");
    }

    /// <summary>Writes a file for its owner alone, beside its place and moved there, so that a reader never sees half of it.</summary>
    internal static void Write(string path, ReadOnlySpan<byte> content)
    {
        string temporary = path + ".tmp";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(temporary, options))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
