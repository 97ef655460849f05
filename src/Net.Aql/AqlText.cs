using Google.Protobuf;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>AQL as people write it. protocol/aql.md has the grammar.</summary>
/// <example>
/// <code>
/// get users/42
/// set users/42 "Ada"
/// delete users/42
/// range users a..b limit 10
/// filter users where key >= a and not length > 100 limit 10 offset 20
/// update users where key = 42 set value = x"00ff", version += 1
/// </code>
/// </example>
public static class AqlText
{
    /// <summary>The words that mean something, in lower case, for completion and highlighting.</summary>
    public static IReadOnlyList<string> Keywords { get; } =
        ["get", "set", "delete", "range", "filter", "update", "where", "limit", "offset", "and", "or", "not", "with"];

    /// <summary>The columns that a predicate or update can name.</summary>
    public static IReadOnlyList<string> ColumnNames => Columns.Names;

    /// <summary>Reads one query.</summary>
    /// <param name="text">The query; a semicolon may end it.</param>
    /// <returns>A new message.</returns>
    /// <exception cref="AqlSyntaxException">The text is no query, or more than one; the message points at the place.</exception>
    public static Query Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new TextParser(text).ParseOne();
    }

    /// <summary>Reads queries with semicolons between them.</summary>
    /// <param name="text">The queries; none is allowed.</param>
    /// <returns>New messages, in order.</returns>
    /// <exception cref="AqlSyntaxException">The text holds something else; the message points at the place.</exception>
    public static IReadOnlyList<Query> ParseScript(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new TextParser(text).ParseAll();
    }

    /// <summary>Writes a query in one line, so that <see cref="Parse"/> reads the same query from it.</summary>
    /// <param name="query">The query. Metadata of the operands of predicates, which no host looks at, is left out.</param>
    /// <returns>The text, without a semicolon.</returns>
    /// <exception cref="ArgumentException">The query lacks a part that every query of its kind has.</exception>
    public static string Format(Query query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return TextFormatter.Format(query);
    }

    /// <summary>Writes a key or value: as a bare word where one can stand for it, else quoted text, else hexadecimal digits.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns>A literal that reads as the same bytes.</returns>
    public static string FormatBytes(ByteString bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        return TextFormatter.Literal(bytes, allowWord: true);
    }
}
