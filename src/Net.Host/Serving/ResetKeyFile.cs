using System.Security.Cryptography;
using Net.Hosting.Access;

namespace Net.Hosting.Serving;

/// <summary>The secret from which stateless reset tokens are derived, kept over restarts (RFC 9000, section 10.3.2). Who knows it can end every connection of the server.</summary>
internal static class ResetKeyFile
{
    private const int Length = 32;

    /// <summary>Reads the secret; makes the file where it is missing, for its owner alone.</summary>
    /// <exception cref="HostException">It cannot be read or written, others may read it, or it has another length.</exception>
    internal static byte[] Open(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                SecretFile.Write(path, RandomNumberGenerator.GetBytes(Length));
            }

            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0)
            {
                throw new HostException(ExitCodes.Usage, $"--reset-key: others may read or write '{path}', and who knows it can end every connection; `chmod 600 {path}` mends that.");
            }

            var file = new FileInfo(path);
            return file.Length == Length
                ? File.ReadAllBytes(path)
                : throw new HostException(ExitCodes.Usage, $"--reset-key: '{path}' has {file.Length} bytes; it must have {Length}. Remove it to have a new one made.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HostException(ExitCodes.Failure, $"--reset-key: {exception.Message}", exception);
        }
    }
}
