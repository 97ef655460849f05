using Google.Protobuf;

namespace Net.IntegrationTests.Host;

/// <summary>A span as OTLP carries it (opentelemetry/proto/trace/v1/trace.proto), with the attributes that are texts.</summary>
internal sealed record OtlpSpan
{
    /// <summary>SPAN_KIND_SERVER.</summary>
    internal const int KindServer = 2;

    internal string TraceId { get; private set; } = "";

    internal string SpanId { get; private set; } = "";

    internal string ParentId { get; private set; } = "";

    internal string Name { get; private set; } = "";

    internal int Kind { get; private set; }

    internal Dictionary<string, string> Attributes { get; } = [];

    /// <summary>The spans of one ExportTraceServiceRequest.</summary>
    internal static List<OtlpSpan> ReadAll(byte[] body)
    {
        const int resourceSpans = 1;
        const int scopeSpans = 2;
        const int span = 2;
        List<OtlpSpan> spans = [];
        foreach (ByteString resource in Messages(body, resourceSpans))
        {
            foreach (ByteString scope in Messages(resource.ToByteArray(), scopeSpans))
            {
                spans.AddRange(Messages(scope.ToByteArray(), span).Select(static bytes => Read(bytes.ToByteArray())));
            }
        }

        return spans;
    }

    private static OtlpSpan Read(byte[] bytes)
    {
        var span = new OtlpSpan();
        var input = new CodedInputStream(bytes);
        while (input.ReadTag() is uint tag && tag != 0)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    span.TraceId = Convert.ToHexStringLower(input.ReadBytes().Span);
                    break;
                case 2:
                    span.SpanId = Convert.ToHexStringLower(input.ReadBytes().Span);
                    break;
                case 4:
                    span.ParentId = Convert.ToHexStringLower(input.ReadBytes().Span);
                    break;
                case 5:
                    span.Name = input.ReadString();
                    break;
                case 6:
                    span.Kind = input.ReadEnum();
                    break;
                case 9:
                    AddAttribute(span, input.ReadBytes().ToByteArray());
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return span;
    }

    private static void AddAttribute(OtlpSpan span, byte[] keyValue)
    {
        string key = Messages(keyValue, 1).Single().ToStringUtf8();
        ByteString[] text = [.. Messages(keyValue, 2).SelectMany(static value => Messages(value.ToByteArray(), 1))];
        if (text.Length == 1)
        {
            span.Attributes[key] = text[0].ToStringUtf8();
        }
    }

    /// <summary>The fields of one number, of those that have a length.</summary>
    private static List<ByteString> Messages(byte[] bytes, int field)
    {
        List<ByteString> found = [];
        var input = new CodedInputStream(bytes);
        while (input.ReadTag() is uint tag && tag != 0)
        {
            if (tag == WireFormat.MakeTag(field, WireFormat.WireType.LengthDelimited))
            {
                found.Add(input.ReadBytes());
            }
            else
            {
                input.SkipLastField();
            }
        }

        return found;
    }
}
