using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Net.Chaos.Proxy;

namespace Net.Chaos.Api;

/// <summary>The API's JSON: bodies that come, and answers as toxiproxy writes them, field by field in its order.</summary>
internal static class ApiJson
{
    // Answers are JSON for programs, never part of a page; quotation marks in messages stay readable.
    private static readonly JsonWriterOptions WriteOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions ReadOptions = new() { MaxDepth = 16 };

    internal static JsonElement Parse(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
        {
            throw ChaosException.BadBody("EOF");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(body, ReadOptions);
            return document.RootElement.Clone();
        }
        catch (JsonException exception)
        {
            throw ChaosException.BadBody(exception.Message);
        }
    }

    internal static JsonElement ParseObject(ReadOnlyMemory<byte> body)
    {
        JsonElement element = Parse(body);
        return element.ValueKind == JsonValueKind.Object ? element : throw ChaosException.BadBody("a JSON object is expected");
    }

    /// <summary>Reads a proxy of a request.</summary>
    /// <param name="json">The object.</param>
    /// <param name="place">Where in a list it stands, for the message; empty for a single one.</param>
    internal static ChaosProxyOptions ReadProxy(JsonElement json, string place = "")
    {
        string name = Text(json, "name") ?? "";
        string upstream = Text(json, "upstream") ?? "";
        if (name.Length == 0)
        {
            throw ChaosException.MissingField("name" + place);
        }

        if (upstream.Length == 0)
        {
            throw ChaosException.MissingField("upstream" + place);
        }

        var defaults = new ChaosProxyOptions();
        return new ChaosProxyOptions
        {
            Name = name,
            Listen = Text(json, "listen") is { Length: > 0 } listen ? listen : defaults.Listen,
            Upstream = upstream,
            Enabled = Flag(json, "enabled") ?? true,
            Protocol = Text(json, "protocol") switch
            {
                null or "" or "tcp" => ProxyProtocol.Tcp,
                "udp" => ProxyProtocol.Udp,
                var other => throw ChaosException.BadBody($"protocol is '{other}'; it must be tcp or udp"),
            },
            MaxSessions = (int)Math.Clamp(Number(json, "max_sessions") ?? defaults.MaxSessions, int.MinValue, int.MaxValue),
            SessionIdleTimeout = Number(json, "idle_timeout") is { } milliseconds ? TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, -1e12, 1e12)) : defaults.SessionIdleTimeout,
        };
    }

    internal static string? Text(JsonElement json, string name) => Find(json, name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw ChaosException.BadBody($"{name} must be a text"),
    };

    internal static bool? Flag(JsonElement json, string name) => Find(json, name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw ChaosException.BadBody($"{name} must be true or false"),
    };

    internal static double? Number(JsonElement json, string name) => Find(json, name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } value => value.GetDouble(),
        _ => throw ChaosException.BadBody($"{name} must be a number"),
    };

    // toxiproxy's reader does not look at the case of names either.
    internal static JsonElement? Find(JsonElement json, string name)
    {
        JsonElement? found = null;
        foreach (JsonProperty property in json.EnumerateObject())
        {
            if (string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                found = property.Value;
            }
        }

        return found;
    }

    internal static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, WriteOptions))
        {
            write(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    internal static void WriteProxy(Utf8JsonWriter writer, ChaosProxy proxy)
    {
        writer.WriteStartObject();
        writer.WriteString("name", proxy.Name);
        writer.WriteString("listen", proxy.Listen);
        writer.WriteString("upstream", proxy.Upstream);
        writer.WriteBoolean("enabled", proxy.IsEnabled);
        if (proxy.Protocol == ProxyProtocol.Udp)
        {
            writer.WriteString("protocol", "udp");
        }

        writer.WritePropertyName("toxics");
        WriteToxics(writer, proxy.Toxics);
        writer.WriteEndObject();
    }

    internal static void WriteToxics(Utf8JsonWriter writer, IEnumerable<Toxic> toxics)
    {
        writer.WriteStartArray();
        foreach (Toxic toxic in toxics)
        {
            toxic.Write(writer);
        }

        writer.WriteEndArray();
    }

    /// <summary>The proxies of a populate; <c>null</c> when there are none, as toxiproxy writes it.</summary>
    internal static void WriteProxies(Utf8JsonWriter writer, IReadOnlyCollection<ChaosProxy> proxies)
    {
        if (proxies.Count == 0)
        {
            writer.WriteNullValue();
            return;
        }

        writer.WriteStartArray();
        foreach (ChaosProxy proxy in proxies)
        {
            WriteProxy(writer, proxy);
        }

        writer.WriteEndArray();
    }

    internal static void WriteTypes(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        foreach (ToxicType type in ToxicTypes.All)
        {
            writer.WriteStartObject();
            writer.WriteString("type", type.Name);
            writer.WriteString("protocol", type.Protocol == ProxyProtocol.Udp ? "udp" : "tcp");
            writer.WriteString("help", type.Help);
            writer.WriteStartArray("attributes");
            foreach (ToxicAttribute attribute in type.Attributes)
            {
                writer.WriteStartObject();
                writer.WriteString("name", attribute.Name);
                writer.WriteString("default", attribute.DefaultWords);
                writer.WriteString("help", attribute.Help);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    internal static void WriteSessions(Utf8JsonWriter writer, IEnumerable<SessionView> sessions)
    {
        writer.WriteStartArray();
        foreach (SessionView session in sessions)
        {
            writer.WriteStartObject();
            writer.WriteNumber("number", session.Number);
            writer.WriteString("client", session.Client.ToString());
            writer.WriteString("upstream", session.Upstream.ToString());
            writer.WriteNumber("rebindings", session.Rebindings);
            writer.WriteNumber("quic_connections", session.QuicConnections);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
