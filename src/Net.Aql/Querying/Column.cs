namespace Net.Aql;

/// <summary>What a <see cref="Protocol.Aql.ColumnRef"/> can name.</summary>
internal enum Column
{
    Key,
    Value,
    Length,
    Size,
    Compression,
    Checksum,
    CreatedAt,
    Version,
}
