using System.Globalization;
using System.Text;
using Google.Protobuf;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>The columns by name, and what they are for a row.</summary>
internal static class Columns
{
    internal const string Key = "key";
    internal const string Value = "value";

    /// <summary>All names, in the order of <see cref="Column"/>.</summary>
    internal static IReadOnlyList<string> Names { get; } = [Key, Value, "length", "size", "compression", "checksum", "created_at", "version"];

    /// <summary>Finds a column.</summary>
    /// <exception cref="AqlException">There is none of that name, so that it could only be a part of a value.</exception>
    internal static Column Find(ColumnRef? reference)
    {
        if (reference is null)
        {
            throw new AqlException(ErrorCode.ProtocolMissingField, "A comparison or update names no column.");
        }

        for (int i = 0; i < Names.Count; i++)
        {
            if (Names[i] == reference.Name)
            {
                return (Column)i;
            }
        }

        throw new AqlException(
            ErrorCode.ComputeUnsupported,
            $"There is no column '{Printable.Shorten(reference.Name)}'; there are {string.Join(", ", Names)}. "
            + "A column inside a value would need homomorphic evaluation, which this host does not offer.");
    }

    internal static bool IsNumeric(Column column) => column is not (Column.Key or Column.Value);

    internal static string NameOf(Column column) => Names[(int)column];

    /// <summary>The bytes of a column that is not numeric.</summary>
    internal static ByteString BytesOf(Row row, Column column) => column == Column.Key ? row.Key : row.Data;

    /// <summary>The number of a numeric column; <c>null</c> where the row has none.</summary>
    internal static Int128? NumberOf(Row row, Column column) => column switch
    {
        Column.Length => row.Data.Length,
        Column.Size => row.Metadata.Size,
        Column.Compression => row.Metadata.Compression,
        Column.Checksum => row.Metadata.Checksum,
        Column.CreatedAt => row.Metadata.CreatedAt,
        Column.Version => row.Metadata.Version,
        _ => throw new ArgumentOutOfRangeException(nameof(column), column, "The column has no number."),
    };

    /// <summary>Reads the operand of a numeric column.</summary>
    /// <exception cref="AqlException">It is no number.</exception>
    internal static Int128 ParseNumber(ByteString operand, Column column)
    {
        // No row's number has more than 20 digits; 38 leave room for every number that anybody could mean.
        if (operand.Length is > 0 and <= 38
            && Int128.TryParse(Encoding.ASCII.GetString(operand.Span), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out Int128 number))
        {
            return number;
        }

        throw new AqlException(
            ErrorCode.ValidationInvalidValue,
            $"The column {NameOf(column)} is compared with a number in decimal digits, as in \"1024\"; the operand is {Printable.Shorten(operand)}.");
    }
}
