using System.Globalization;
using System.Text.Unicode;
using Google.Protobuf;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>Reads queries from tokens, one token ahead.</summary>
internal sealed class TextParser
{
    private readonly Lexer _lexer;
    private readonly PredicateParser _predicates;
    private Token _token;

    internal TextParser(string text)
    {
        _lexer = new Lexer(text);
        _predicates = new PredicateParser(this);
        _token = _lexer.Next();
    }

    internal Token Current => _token;

    internal Query ParseOne()
    {
        Query query = ParseQuery();
        while (Accept(";"))
        {
            // A semicolon may end the query.
        }

        return _token.Kind == TokenKind.End ? query : throw Expected("the end: one query is read here", "and more follows");
    }

    internal List<Query> ParseAll()
    {
        var queries = new List<Query>();
        while (true)
        {
            while (Accept(";"))
            {
                // Nothing may stand between semicolons.
            }

            if (_token.Kind == TokenKind.End)
            {
                return queries;
            }

            queries.Add(ParseQuery());
            if (_token.Kind != TokenKind.End && !_token.IsSymbol(";"))
            {
                throw Expected("';' before the next query");
            }
        }
    }

    /// <summary>Goes on to the next token.</summary>
    internal Token Take()
    {
        Token taken = _token;
        _token = _lexer.Next();
        return taken;
    }

    internal bool Accept(string symbol) => TakeIf(_token.IsSymbol(symbol));

    internal bool AcceptKeyword(string keyword) => TakeIf(_token.IsKeyword(keyword));

    internal void Require(string symbol, string what)
    {
        if (!Accept(symbol))
        {
            throw Expected(what);
        }
    }

    internal AqlSyntaxException Expected(string what, string? instead = null) =>
        new($"expected {what}, {instead ?? "found " + _token.Describe()}", _lexer.Text, _token.Offset);

    internal CipherBlob ParseValue(string what) => _token.Kind is TokenKind.Word or TokenKind.Literal
        ? new CipherBlob { Data = Take().Bytes }
        : throw Expected(what);

    internal ColumnRef ParseColumn() => _token.Kind == TokenKind.Word
        ? new ColumnRef { Name = Take().Text }
        : throw Expected($"a column ({string.Join(", ", Columns.Names)})");

    private bool TakeIf(bool condition)
    {
        if (condition)
        {
            Take();
        }

        return condition;
    }

    private Query ParseQuery()
    {
        Token verb = _token;
        switch (verb.Kind == TokenKind.Word ? verb.Text.ToLowerInvariant() : "")
        {
            case "get":
                (string collection, Key key) = ParsePath();
                return new Query { Get = new GetQuery { Collection = collection, Key = key } };
            case "delete":
                (collection, key) = ParsePath();
                return new Query { Delete = new DeleteQuery { Collection = collection, Key = key } };
            case "set":
                (collection, key) = ParsePath();
                return new Query { Set = new SetQuery { Collection = collection, Key = key, Value = ParseValueWithMetadata() } };
            case "range":
                return new Query { Range = ParseRange() };
            case "filter":
                return new Query { Filter = ParseFilter() };
            case "update":
                return new Query { Update = ParseUpdate() };
            default:
                throw Expected("get, set, delete, range, filter or update");
        }
    }

    private (string Collection, Key Key) ParsePath()
    {
        string collection = ParseCollection();
        Require("/", $"'/' and a key after the collection {collection}");
        return (collection, new Key { Data = ParseBytes("a key; one that has other characters than letters, digits and _-.:@%~$ is put in quotes") });
    }

    private string ParseCollection()
    {
        Take();
        if (_token.Kind is not (TokenKind.Word or TokenKind.Literal))
        {
            throw Expected("the name of a collection");
        }

        return Utf8.IsValid(_token.Bytes.Span)
            ? Take().Bytes.ToStringUtf8()
            : throw Expected("the name of a collection, which is text", "found bytes that are no UTF-8");
    }

    private ByteString ParseBytes(string what) => _token.Kind is TokenKind.Word or TokenKind.Literal ? Take().Bytes : throw Expected(what);

    private RangeQuery ParseRange()
    {
        var range = new RangeQuery { Collection = ParseCollection() };
        if (_token.Kind == TokenKind.Literal || (_token.Kind == TokenKind.Word && !_token.IsKeyword("limit")))
        {
            range.Start = new Key { Data = Take().Bytes };
            Require("..", "'..' after the first key; it begins or ends an open range, as in a.. or ..b");
            ParseRangeEnd(range);
        }
        else if (Accept(".."))
        {
            ParseRangeEnd(range);
        }

        if (AcceptKeyword("limit"))
        {
            range.Limit = ParseCount("limit");
        }

        return range;
    }

    private void ParseRangeEnd(RangeQuery range)
    {
        if (_token.Kind == TokenKind.Literal || (_token.Kind == TokenKind.Word && !_token.IsKeyword("limit")))
        {
            range.End = new Key { Data = Take().Bytes };
        }
    }

    private FilterQuery ParseFilter()
    {
        var filter = new FilterQuery { Collection = ParseCollection() };
        if (!AcceptKeyword("where"))
        {
            throw Expected("'where' and a predicate; all rows are had with range");
        }

        filter.Predicate = _predicates.Parse();
        while (true)
        {
            if (!filter.HasLimit && AcceptKeyword("limit"))
            {
                filter.Limit = ParseCount("limit");
            }
            else if (!filter.HasOffset && AcceptKeyword("offset"))
            {
                filter.Offset = ParseCount("offset");
            }
            else
            {
                return filter;
            }
        }
    }

    private UpdateQuery ParseUpdate()
    {
        var update = new UpdateQuery { Collection = ParseCollection() };
        if (AcceptKeyword("where"))
        {
            update.Predicate = _predicates.Parse();
            ParseUpdates(update, "'set' and what to change");
        }
        else
        {
            ParseUpdates(update, "'where' and a predicate, or 'set' and what to change");
            if (!AcceptKeyword("where"))
            {
                throw Expected("'where' and a predicate: only rows that it holds for are changed. To change all: where key >= \"\"");
            }

            update.Predicate = _predicates.Parse();
        }

        return update;
    }

    private void ParseUpdates(UpdateQuery update, string what)
    {
        if (!AcceptKeyword("set"))
        {
            throw Expected(what);
        }

        do
        {
            ColumnRef column = ParseColumn();
            if (Accept("="))
            {
                update.Updates.Add(new Update { Set = new SetUpdate { Column = column, Value = ParseValueWithMetadata() } });
            }
            else if (Accept("+="))
            {
                update.Updates.Add(new Update { Add = new AddUpdate { Column = column, Value = ParseValue("a value after +=") } });
            }
            else if (Accept("*="))
            {
                update.Updates.Add(new Update { Mul = new MulUpdate { Column = column, Value = ParseValue("a value after *=") } });
            }
            else
            {
                throw Expected("=, += or *= after the column");
            }
        }
        while (Accept(","));
    }

    private CipherBlob ParseValueWithMetadata()
    {
        CipherBlob value = ParseValue("a value");
        if (AcceptKeyword("with"))
        {
            value.Metadata = ParseMetadata();
        }

        return value;
    }

    private CipherMetadata ParseMetadata()
    {
        Require("(", "'(' and the value's metadata, as in with (version = 3)");
        var metadata = new CipherMetadata();
        if (Accept(")"))
        {
            return metadata;
        }

        do
        {
            Token name = _token;
            if (name.Kind == TokenKind.Word && name.Text is "size" or "compression" or "checksum" or "created_at" or "version")
            {
                Take();
                Require("=", "'='");
                SetMetadata(metadata, name.Text);
            }
            else
            {
                throw Expected("size, compression, checksum, created_at or version");
            }
        }
        while (Accept(","));

        Require(")", "',' or ')'");
        return metadata;
    }

    private void SetMetadata(CipherMetadata metadata, string name)
    {
        switch (name)
        {
            case "size":
                metadata.Size = ParseNumber<ulong>("the size in bytes");
                break;
            case "checksum":
                metadata.Checksum = ParseNumber<uint>("the CRC-32 as a decimal number");
                break;
            case "created_at":
                metadata.CreatedAt = ParseNumber<long>("seconds since 1970");
                break;
            case "version":
                metadata.Version = ParseNumber<uint>("the version, 0 to 4294967295");
                break;
            default:
                metadata.Compression = _token.Kind == TokenKind.Word ? _token.Text.ToLowerInvariant() switch
                {
                    "none" => CompressionType.CompressionNone,
                    "lz4" => CompressionType.CompressionLz4,
                    "zstd" => CompressionType.CompressionZstd,
                    _ => throw Expected("none, lz4 or zstd"),
                } : throw Expected("none, lz4 or zstd");
                Take();
                break;
        }
    }

    private uint ParseCount(string clause) => ParseNumber<uint>($"a number of rows after {clause}, 0 to 4294967295");

    private T ParseNumber<T>(string what)
        where T : struct, System.Numerics.INumber<T>
    {
        if (_token.Kind != TokenKind.Word || !T.TryParse(_token.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T number))
        {
            throw Expected(what);
        }

        Take();
        return number;
    }
}
