using System.Globalization;
using System.Text;
using Google.Protobuf;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Writes queries as text.</summary>
internal static class TextFormatter
{
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    internal static string Format(Query query) => query.QueryCase switch
    {
        Query.QueryOneofCase.Get => $"get {Path(query.Get.Collection, query.Get.Key)}",
        Query.QueryOneofCase.Set => $"set {Path(query.Set.Collection, query.Set.Key)} {Value(query.Set.Value)}",
        Query.QueryOneofCase.Delete => $"delete {Path(query.Delete.Collection, query.Delete.Key)}",
        Query.QueryOneofCase.Range => Range(query.Range),
        Query.QueryOneofCase.Filter => Filter(query.Filter),
        Query.QueryOneofCase.Update => $"update {Name(query.Update.Collection)} where {Predicate(query.Update.Predicate)} set {string.Join(", ", query.Update.Updates.Select(Update))}",
        _ => throw Missing("kind"),
    };

    internal static string Literal(ByteString bytes, bool allowWord)
    {
        string text;
        try
        {
            text = Utf8.GetString(bytes.Span);
        }
        catch (DecoderFallbackException)
        {
            return $"x\"{Convert.ToHexStringLower(bytes.Span)}\"";
        }

        return allowWord && IsWord(text) ? text : Quote(text);
    }

    private static bool IsWord(string text) =>
        text.Length > 0
        && !text.StartsWith("--", StringComparison.Ordinal)
        && !text.Contains("..", StringComparison.Ordinal)
        // "a." before ".." would be read as "a" and "...".
        && !text.EndsWith('.')
        && !AqlText.Keywords.Contains(text, StringComparer.OrdinalIgnoreCase)
        && text.EnumerateRunes().All(Lexer.IsWordRune);

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (Rune rune in text.EnumerateRunes())
        {
            quoted.Append(rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                0 => "\\0",
                _ when IsInvisible(rune) => string.Create(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}"),
                _ => rune.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }

    // What shows nothing, or turns the direction of what follows, would make one literal look like another.
    private static bool IsInvisible(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse;

    private static string Path(string collection, Key? key) => $"{Name(collection)}/{KeyText(key ?? throw Missing("key"))}";

    private static string Name(string collection) => IsWord(collection) ? collection : Quote(collection);

    private static string KeyText(Key key) => Literal(key.Data, allowWord: true);

    private static string Value(CipherBlob? value)
    {
        string text = Literal((value ?? throw Missing("value")).Data, allowWord: false);
        return value.Metadata is { } metadata ? $"{text} with ({string.Join(", ", Metadata(metadata))})" : text;
    }

    private static IEnumerable<string> Metadata(CipherMetadata metadata)
    {
        if (metadata.Size != 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"size = {metadata.Size}");
        }

        if (metadata.Compression != CompressionType.CompressionNone)
        {
            yield return "compression = " + metadata.Compression switch
            {
                CompressionType.CompressionLz4 => "lz4",
                CompressionType.CompressionZstd => "zstd",
                _ => throw new ArgumentException($"The compression {(int)metadata.Compression} has no name; it is 0 none, 1 LZ4 or 2 Zstandard."),
            };
        }

        if (metadata.Checksum != 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"checksum = {metadata.Checksum}");
        }

        if (metadata.CreatedAt != 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"created_at = {metadata.CreatedAt}");
        }

        if (metadata.HasVersion)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"version = {metadata.Version}");
        }
    }

    private static string Range(RangeQuery range)
    {
        string bounds = range.Start is null && range.End is null ? ""
            : $" {(range.Start is null ? "" : KeyText(range.Start))}..{(range.End is null ? "" : KeyText(range.End))}";
        string limit = range.HasLimit ? string.Create(CultureInfo.InvariantCulture, $" limit {range.Limit}") : "";
        return $"range {Name(range.Collection)}{bounds}{limit}";
    }

    private static string Filter(FilterQuery filter)
    {
        string limit = filter.HasLimit ? string.Create(CultureInfo.InvariantCulture, $" limit {filter.Limit}") : "";
        string offset = filter.HasOffset ? string.Create(CultureInfo.InvariantCulture, $" offset {filter.Offset}") : "";
        return $"filter {Name(filter.Collection)} where {Predicate(filter.Predicate)}{limit}{offset}";
    }

    private static string Update(Update update) => update.OperationCase switch
    {
        Protocol.Aql.Update.OperationOneofCase.Set => $"{ColumnText(update.Set.Column)} = {Value(update.Set.Value)}",
        Protocol.Aql.Update.OperationOneofCase.Add => $"{ColumnText(update.Add.Column)} += {Operand(update.Add.Value)}",
        Protocol.Aql.Update.OperationOneofCase.Mul => $"{ColumnText(update.Mul.Column)} *= {Operand(update.Mul.Value)}",
        _ => throw Missing("operation"),
    };

    private static string Predicate(Predicate? predicate) => (predicate ?? throw Missing("predicate")).PredicateCase switch
    {
        Protocol.Aql.Predicate.PredicateOneofCase.Eq => Compare(predicate.Eq.Column, "=", predicate.Eq.Value),
        Protocol.Aql.Predicate.PredicateOneofCase.Gt => Compare(predicate.Gt.Column, ">", predicate.Gt.Value),
        Protocol.Aql.Predicate.PredicateOneofCase.Lt => Compare(predicate.Lt.Column, "<", predicate.Lt.Value),
        Protocol.Aql.Predicate.PredicateOneofCase.Gte => Compare(predicate.Gte.Column, ">=", predicate.Gte.Value),
        Protocol.Aql.Predicate.PredicateOneofCase.Lte => Compare(predicate.Lte.Column, "<=", predicate.Lte.Value),
        Protocol.Aql.Predicate.PredicateOneofCase.And => $"{Part(predicate.And.Left)} and {Part(predicate.And.Right)}",
        Protocol.Aql.Predicate.PredicateOneofCase.Or => $"{Part(predicate.Or.Left)} or {Part(predicate.Or.Right)}",
        Protocol.Aql.Predicate.PredicateOneofCase.Not when predicate.Not.Predicate?.PredicateCase == Protocol.Aql.Predicate.PredicateOneofCase.Eq =>
            Compare(predicate.Not.Predicate.Eq.Column, "!=", predicate.Not.Predicate.Eq.Value),
        Protocol.Aql.Predicate.PredicateOneofCase.Not => $"not {Part(predicate.Not.Predicate)}",
        _ => throw Missing("predicate"),
    };

    // A chain of more than two would be read as another tree, so each part that is one itself stands in parentheses.
    private static string Part(Predicate? predicate) =>
        predicate?.PredicateCase is Protocol.Aql.Predicate.PredicateOneofCase.And or Protocol.Aql.Predicate.PredicateOneofCase.Or
            ? $"({Predicate(predicate)})"
            : Predicate(predicate);

    private static string Compare(ColumnRef? column, string comparison, CipherBlob? operand) => $"{ColumnText(column)} {comparison} {Operand(operand)}";

    private static string Operand(CipherBlob? value) => Literal((value ?? throw Missing("value")).Data, allowWord: true);

    private static string ColumnText(ColumnRef? column) => column is not null && IsWord(column.Name)
        ? column.Name
        : throw new ArgumentException($"A column's name is a word; '{Printable.Shorten(column?.Name ?? "")}' cannot be written as one.");

    private static ArgumentException Missing(string part) => new($"The query has no {part}, so there is no text for it.");
}
