namespace Net.UnitTests.Aql.Durability;

/// <summary>The bytes of a file, those that would survive, and what was done since.</summary>
internal sealed class SimulatedFile(byte[] data)
{
    private const int Sector = 512;

    private readonly List<(long Offset, byte[]? Data, long Length)> _changes = [];
    private byte[] _data = data;
    private byte[] _durable = data;

    internal long Length => _data.Length;

    internal byte[] ToArray() => (byte[])_data.Clone();

    internal int Read(Span<byte> buffer, long offset)
    {
        ReadOnlySpan<byte> rest = offset >= _data.Length ? default : _data.AsSpan((int)offset);
        rest = rest[..Math.Min(rest.Length, buffer.Length)];
        rest.CopyTo(buffer);
        return rest.Length;
    }

    internal void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        _changes.Add((offset, bytes.ToArray(), 0));
        _data = Apply(_data, _changes[^1]);
    }

    internal void SetLength(long length)
    {
        _changes.Add((0, null, length));
        _data = Apply(_data, _changes[^1]);
    }

    internal void Flush()
    {
        _durable = _data;
        _changes.Clear();
    }

    /// <summary>The bytes after a loss of power: of each change all, nothing, its beginning, or some of its sectors.</summary>
    internal byte[] Survivor(Random random)
    {
        byte[] left = _durable;
        foreach ((long Offset, byte[]? Data, long Length) change in _changes)
        {
            switch (random.Next(4))
            {
                case 0:
                    left = Apply(left, change);
                    break;
                case 1 when change.Data is { } beginning:
                    left = Apply(left, change with { Data = beginning[..random.Next(beginning.Length + 1)] });
                    break;
                case 2 when change.Data is { } whole:
                    byte[] sectors = (byte[])whole.Clone();
                    for (int at = 0; at < sectors.Length; at += Sector)
                    {
                        if (random.Next(2) == 0)
                        {
                            sectors.AsSpan(at, Math.Min(Sector, sectors.Length - at)).Clear();
                        }
                    }

                    left = Apply(left, change with { Data = sectors });
                    break;
                default:
                    break;
            }
        }

        return left;
    }

    private static byte[] Apply(byte[] data, (long Offset, byte[]? Data, long Length) change)
    {
        byte[] changed = new byte[change.Data is null ? change.Length : Math.Max(data.Length, change.Offset + change.Data.Length)];
        data.AsSpan(0, Math.Min(data.Length, changed.Length)).CopyTo(changed);
        change.Data?.CopyTo(changed.AsSpan((int)change.Offset));
        return changed;
    }
}
