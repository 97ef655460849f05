namespace Net.Aql;

/// <summary>What a token of the text is.</summary>
internal enum TokenKind
{
    /// <summary>A bare word: a name, a number, a keyword, or bytes that need no quotes.</summary>
    Word,

    /// <summary>Bytes in quotes: text, hexadecimal or base64.</summary>
    Literal,

    /// <summary>An operator or a mark of punctuation.</summary>
    Symbol,

    /// <summary>The text is over.</summary>
    End,
}
