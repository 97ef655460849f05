using Google.Protobuf;

namespace Net.Aql;

/// <summary>One token and where it stands.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">As written.</param>
/// <param name="Bytes">What a word or literal stands for.</param>
/// <param name="Offset">Where it begins.</param>
internal readonly record struct Token(TokenKind Kind, string Text, ByteString Bytes, int Offset)
{
    internal bool IsSymbol(string symbol) => Kind == TokenKind.Symbol && Text == symbol;

    internal bool IsKeyword(string keyword) => Kind == TokenKind.Word && Text.Equals(keyword, StringComparison.OrdinalIgnoreCase);

    /// <summary>What to call it in a message.</summary>
    internal string Describe() => Kind == TokenKind.End ? "the end" : $"'{Printable.Shorten(Text)}'";
}
