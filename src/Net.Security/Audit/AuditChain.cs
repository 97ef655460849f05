using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Net.Security;

/// <summary>Writes entries as lines of JSON, each with the hash of the line before it and its own.</summary>
/// <remarks>
/// A line ends with <c>,"prev":"…","hash":"…"}</c>. The hash is that of all bytes of the line before <c>,"hash"</c>, under the key where there is one; as <c>prev</c> is among them, it stands
/// for all lines before, too. The bytes are hashed and not their meaning, so that nothing depends on how a reader takes JSON.
/// </remarks>
internal sealed class AuditChain(ReadOnlyMemory<byte> key)
{
    /// <summary>What the first line of all has in place of a hash before it.</summary>
    internal const string Genesis = "0000000000000000000000000000000000000000000000000000000000000000";

    internal const int HashLength = 64;

    /// <summary>Bytes of the longest line: nine texts of at most 256 characters, each up to 12 bytes in JSON.</summary>
    internal const int MaxLineBytes = 32 << 10;

    private const string HashMember = ",\"hash\":\"";
    private const int LongestText = 256;

    private readonly ArrayBufferWriter<byte> _buffer = new(1024);

    /// <summary>Bytes that the hash at the end of a line takes.</summary>
    internal static int SuffixLength => HashMember.Length + HashLength + 2;

    /// <summary>The number of the last line; 0: there is none.</summary>
    internal long Sequence { get; private set; }

    /// <summary>The hash of the last line.</summary>
    internal string Hash { get; private set; } = Genesis;

    /// <summary>Goes on after a line that is there.</summary>
    internal void Continue(long sequence, string hash)
    {
        Sequence = sequence;
        Hash = hash;
    }

    /// <summary>Writes an entry, with a line feed. The chain is one longer then.</summary>
    /// <returns>The line.</returns>
    internal byte[] Append(in AuditEvent entry, DateTimeOffset time)
    {
        _buffer.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("seq", Sequence + 1);
            json.WriteString("time", time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("category", NameOf(entry.Category));
            WriteText(json, "action", entry.Action);
            json.WriteString("outcome", entry.IsSuccess ? "success" : "failure");
            WriteText(json, "principal", entry.Principal);
            WriteText(json, "source", entry.Source);
            WriteText(json, "resource", entry.Resource);
            WriteText(json, "reason", entry.Reason);
            WriteText(json, "detail", entry.Detail);
            if (entry.TraceId != default)
            {
                json.WriteString("trace", entry.TraceId.ToHexString());
            }

            if (entry.Suppressed > 0)
            {
                json.WriteNumber("suppressed", entry.Suppressed);
            }

            json.WriteString("prev", Hash);
            json.WriteEndObject();
        }

        // Without the closing brace, which comes after the hash.
        int length = _buffer.WrittenCount - 1;
        ReadOnlySpan<byte> body = _buffer.WrittenSpan[..length];
        string hash = HashOf(body, key.Span);
        byte[] line = new byte[length + SuffixLength + 1];
        body.CopyTo(line);
        Encoding.ASCII.GetBytes($"{HashMember}{hash}\"}}\n", line.AsSpan(length));
        Sequence++;
        Hash = hash;
        return line;
    }

    /// <summary>Checks one line by itself.</summary>
    /// <param name="line">The line without its line feed.</param>
    /// <param name="key">The key; empty: none.</param>
    /// <param name="sequence">Its number.</param>
    /// <param name="previous">The hash before it.</param>
    /// <param name="hash">Its hash.</param>
    /// <returns>What is wrong; <c>null</c>: nothing.</returns>
    internal static string? Check(ReadOnlySpan<byte> line, ReadOnlySpan<byte> key, out long sequence, out string previous, out string hash)
    {
        sequence = 0;
        previous = hash = "";
        if (line.Length < SuffixLength + 2 || line.Length > MaxLineBytes)
        {
            return "it is no entry";
        }

        ReadOnlySpan<byte> hashed = line[..^SuffixLength];
        hash = Encoding.Latin1.GetString(line[(hashed.Length + HashMember.Length)..^2]);
        try
        {
            using JsonDocument document = JsonDocument.Parse(line.ToArray(), new JsonDocumentOptions { MaxDepth = 2, AllowDuplicateProperties = false });
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("seq", out JsonElement number) || !number.TryGetInt64(out sequence) ||
                !root.TryGetProperty("prev", out JsonElement before) || before.ValueKind != JsonValueKind.String)
            {
                return "it is no entry";
            }

            previous = before.GetString()!;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return "it is no JSON";
        }

        bool isRight = line[hashed.Length..].StartsWith(Encoding.ASCII.GetBytes(HashMember)) && line.EndsWith("\"}"u8) &&
            CryptographicOperations.FixedTimeEquals(Encoding.Latin1.GetBytes(HashOf(hashed, key)), Encoding.Latin1.GetBytes(hash));
        return isRight ? null : "its content does not fit its hash";
    }

    private static string HashOf(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> key)
    {
        Span<byte> hash = stackalloc byte[32];
        if (key.IsEmpty)
        {
            SHA256.HashData(bytes, hash);
        }
        else
        {
            HMACSHA256.HashData(key, bytes, hash);
        }

        return Convert.ToHexStringLower(hash);
    }

    // The writer's own escapes keep everything but plain ASCII out of the line; cleaning keeps it from coming back when the JSON is shown.
    private static void WriteText(Utf8JsonWriter json, string name, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            json.WriteString(name, PlainText.Clean(text, LongestText));
        }
    }

    private static string NameOf(AuditCategory category) => category switch
    {
        AuditCategory.Authentication => "authentication",
        AuditCategory.Authorization => "authorization",
        AuditCategory.Admission => "admission",
        AuditCategory.Admin => "admin",
        AuditCategory.Configuration => "configuration",
        AuditCategory.Certificate => "certificate",
        _ => "audit",
    };
}
