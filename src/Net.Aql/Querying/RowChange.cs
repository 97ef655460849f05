using Google.Protobuf;
using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>The updates of a query, checked and ready to be applied to rows.</summary>
internal sealed class RowChange
{
    private readonly List<Func<Row, Row>> _steps = [];

    /// <summary>Checks updates.</summary>
    /// <exception cref="AqlException">Something is missing, or an update is not what its column takes.</exception>
    internal RowChange(IReadOnlyCollection<Update> updates, QueryContext context)
    {
        if (updates.Count == 0)
        {
            throw new AqlException(ErrorCode.ProtocolMissingField, "The query has no updates.");
        }

        foreach (Update update in updates)
        {
            _steps.Add(update.OperationCase switch
            {
                Update.OperationOneofCase.Set => Set(Columns.Find(update.Set.Column), update.Set.Value, context),
                Update.OperationOneofCase.Add => Compute("add", update.Add.Column, update.Add.Value, (number, operand) => number + operand),
                Update.OperationOneofCase.Mul => Compute("mul", update.Mul.Column, update.Mul.Value, (number, operand) => number * operand),
                _ => throw new AqlException(ErrorCode.ProtocolMissingField, "An update says not what to do; it is one of set, add and mul."),
            });
        }
    }

    /// <summary>Applies all updates, in order.</summary>
    internal Row Apply(Row row)
    {
        foreach (Func<Row, Row> step in _steps)
        {
            row = step(row);
        }

        return row;
    }

    private static Func<Row, Row> Set(Column column, CipherBlob? value, QueryContext context)
    {
        switch (column)
        {
            case Column.Value:
                (ByteString data, RowMetadata metadata) = context.CheckValue(value);
                return row => new Row(row.Key, data, metadata);
            case Column.Version:
                return SetVersion(value);
            default:
                throw Fixed(column);
        }
    }

    private static Func<Row, Row> SetVersion(CipherBlob? value)
    {
        uint version = ToVersion(Columns.ParseNumber(OperandOf(value, Column.Version), Column.Version));
        return row => row with { Metadata = row.Metadata with { Version = version } };
    }

    private static Func<Row, Row> Compute(string operation, ColumnRef? reference, CipherBlob? value, Func<Int128, Int128, Int128> compute)
    {
        Column column = Columns.Find(reference);
        if (column == Column.Value)
        {
            throw new AqlException(
                ErrorCode.ComputeUnsupported,
                $"'{operation}' on a value needs homomorphic evaluation, which this host does not offer: it never reads values. Read the value, change it where it can be decrypted, and set it.");
        }

        if (column != Column.Version)
        {
            throw Fixed(column);
        }

        // Within 32 bits nothing overflows 128 of them.
        Int128 operand = ToVersion(Columns.ParseNumber(OperandOf(value, column), column));
        return row => row with { Metadata = row.Metadata with { Version = ToVersion(compute(row.Metadata.Version ?? 0, operand)) } };
    }

    private static ByteString OperandOf(CipherBlob? value, Column column) => value?.Data
        ?? throw new AqlException(ErrorCode.ProtocolMissingField, $"An update of the column {Columns.NameOf(column)} has no value.");

    private static uint ToVersion(Int128 number) => number >= 0 && number <= uint.MaxValue
        ? (uint)number
        : throw new AqlException(ErrorCode.ValidationInvalidValue, $"A version is 0 to {uint.MaxValue}; {number} is not.");

    private static AqlException Fixed(Column column) => new(
        ErrorCode.ProtocolInvalidRequest,
        column == Column.Key
            ? "A key cannot be changed. Set the value under the new key and delete the old one, in one batch."
            : $"The column {Columns.NameOf(column)} tells about the value and changes only with it: set the value, with its metadata. The columns value and version can be updated.");
}
