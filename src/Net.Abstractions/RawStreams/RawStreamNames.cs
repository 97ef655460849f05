using System.Buffers;
using System.Text;

namespace Net;

/// <summary>Which names the wire takes. Reader and writer share the rules, so that nothing is sent that would be refused.</summary>
internal static class RawStreamNames
{
    internal static readonly SearchValues<byte> TokenBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"u8);

    internal static readonly SearchValues<char> TokenCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~");

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Why a route cannot be used.</summary>
    /// <param name="route">The name.</param>
    /// <returns>The end of a sentence that begins with the route, or <c>null</c> when it can be used.</returns>
    internal static string? FindRouteFault(string route)
    {
        if (route.Length == 0)
        {
            return "is empty; name 1 to 255 bytes of UTF-8.";
        }

        if (ContainsControl(route))
        {
            return "holds a control character.";
        }

        int size;
        try
        {
            size = StrictUtf8.GetByteCount(route);
        }
        catch (EncoderFallbackException)
        {
            return "holds half a surrogate pair, which UTF-8 has no form for.";
        }

        return size > RawStreamProtocol.MaxRouteSize ? $"has {size} bytes of UTF-8; at most {RawStreamProtocol.MaxRouteSize} are allowed." : null;
    }

    /// <summary>Reads a route, or says why it is none.</summary>
    /// <param name="bytes">1 to 255 bytes.</param>
    /// <param name="route">The name.</param>
    /// <returns>Whether the bytes are UTF-8 without control characters.</returns>
    internal static bool TryReadRoute(ReadOnlySpan<byte> bytes, out string route)
    {
        Span<char> characters = stackalloc char[RawStreamProtocol.MaxRouteSize];
        route = "";
        if (System.Text.Unicode.Utf8.ToUtf16(bytes, characters, out _, out int count, replaceInvalidSequences: false) != OperationStatus.Done
            || ContainsControl(characters[..count]))
        {
            return false;
        }

        route = characters[..count].ToString();
        return true;
    }

    /// <summary>Whether a text can be carried as tracestate: printable ASCII, not too long.</summary>
    /// <param name="bytes">The text.</param>
    /// <returns>Whether it can.</returns>
    internal static bool IsTraceState(ReadOnlySpan<byte> bytes) =>
        bytes.Length is > 0 and <= RawStreamProtocol.MaxTraceStateSize && !bytes.ContainsAnyExceptInRange((byte)0x20, (byte)0x7e);

    /// <summary>Whether a text can be carried as tracestate: printable ASCII, not too long.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Whether it can.</returns>
    internal static bool IsTraceState(string? text) =>
        text is { Length: > 0 and <= RawStreamProtocol.MaxTraceStateSize } && !text.AsSpan().ContainsAnyExceptInRange('\x20', '\x7e');

    // A name with line breaks or escape codes could forge lines of a log or a terminal.
    private static bool ContainsControl(ReadOnlySpan<char> text)
    {
        foreach (char character in text)
        {
            if (char.IsControl(character))
            {
                return true;
            }
        }

        return false;
    }
}
