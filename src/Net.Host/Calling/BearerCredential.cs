using System.Buffers;
using System.Text;

namespace Net.Hosting.Calling;

/// <summary>A token or an API key from a file, as it is sent with each call. It never shows in a text.</summary>
internal sealed class BearerCredential
{
    internal const string MetadataName = "authorization";

    // Headers of 32 KiB are more than any server takes; the limit is for files that are something else.
    private const int MaxBytes = 16 << 10;

    // RFC 6750, section 2.1: b64token.
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=");

    private BearerCredential(string header)
    {
        Header = header;
        Metadata = RawStreamMetadata.Create((MetadataName, header));
    }

    /// <summary>What the header or the metadata entry <c>authorization</c> holds.</summary>
    internal string Header { get; }

    /// <summary>The same for the header of a raw stream.</summary>
    internal RawStreamMetadata Metadata { get; }

    /// <summary>Reads a file that holds a credential and nothing else but line breaks and blanks around it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that named it.</param>
    /// <exception cref="HostException">It cannot be read, or holds something else. The message names file and option and says nothing of what is in it.</exception>
    internal static BearerCredential Read(string path, string option)
    {
        string text;
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] bytes = new byte[MaxBytes + 1];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > MaxBytes)
            {
                throw new HostException(ExitCodes.Usage, $"The file '{path}' ({option}) is larger than {MaxBytes} bytes; it must hold one credential and nothing else.");
            }

            text = Encoding.Latin1.GetString(bytes, 0, length).Trim(' ', '\t', '\r', '\n');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HostException(ExitCodes.Usage, $"The file '{path}' ({option}) cannot be read: {exception.Message}", exception);
        }

        if (text.Length == 0)
        {
            throw new HostException(ExitCodes.Usage, $"The file '{path}' ({option}) is empty; it must hold one credential.");
        }

        int wrong = text.AsSpan().IndexOfAnyExcept(TokenCharacters);
        return wrong < 0
            ? new BearerCredential("Bearer " + text)
            : throw new HostException(
                ExitCodes.Usage,
                $"The file '{path}' ({option}) holds a character at place {wrong + 1} that no credential has. It must hold the credential alone, on one line, without 'Bearer' before it.");
    }
}
