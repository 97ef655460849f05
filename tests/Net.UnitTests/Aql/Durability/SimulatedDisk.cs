using Net.Aql;

namespace Net.UnitTests.Aql.Durability;

/// <summary>A directory in memory that keeps apart what was written and what would survive a loss of power, and that can fail.</summary>
internal sealed class SimulatedDisk : StoreDirectory
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SimulatedFile> _names = new(StringComparer.Ordinal);
    private Dictionary<string, SimulatedFile> _durableNames = new(StringComparer.Ordinal);
    private int _flushes;

    /// <summary>Called before each operation with its name and its file's; may throw, or wait.</summary>
    internal Action<string, string> Before { get; set; } = static (_, _) => { };

    /// <summary>Bytes that all files together may have.</summary>
    internal long Capacity { get; set; } = long.MaxValue;

    /// <summary>How often a log's bytes were waited for.</summary>
    internal int LogFlushes => Volatile.Read(ref _flushes);

    internal static IOException NoSpace => new("No space left on device.", 28);

    internal IReadOnlyList<string> Names
    {
        get
        {
            lock (_gate)
            {
                return [.. _names.Keys.Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>The bytes of a file, to look at and to damage.</summary>
    internal byte[] this[string name]
    {
        get
        {
            lock (_gate)
            {
                return _names[name].ToArray();
            }
        }

        set
        {
            lock (_gate)
            {
                _names[name] = _durableNames[name] = new SimulatedFile(value);
            }
        }
    }

    internal void Remove(string name)
    {
        lock (_gate)
        {
            _names.Remove(name);
            _durableNames.Remove(name);
        }
    }

    /// <summary>What a loss of power leaves: all that was waited for, and any part of what was not.</summary>
    internal SimulatedDisk LosePower(Random random)
    {
        var left = new SimulatedDisk();
        lock (_gate)
        {
            // Names change one after the other in any file system that has a log; so each file has its old name or its new one.
            foreach ((string name, SimulatedFile file) in random.Next(2) == 0 ? _durableNames : _names)
            {
                left[name] = file.Survivor(random);
            }
        }

        return left;
    }

    internal override IReadOnlyList<string> List()
    {
        Before("list", "");
        return Names;
    }

    internal override StoreFile Create(string name)
    {
        Before("create", name);
        lock (_gate)
        {
            _names[name] = new SimulatedFile([]);
            return new Handle(this, name, _names[name]);
        }
    }

    internal override StoreFile Open(string name)
    {
        Before("open", name);
        lock (_gate)
        {
            return new Handle(this, name, _names[name]);
        }
    }

    internal override void Rename(string from, string to)
    {
        Before("rename", to);
        lock (_gate)
        {
            _names.Remove(from, out SimulatedFile? file);
            _names[to] = file!;
        }
    }

    internal override void Delete(string name)
    {
        Before("delete", name);
        lock (_gate)
        {
            _names.Remove(name);
        }
    }

    internal override void Flush()
    {
        Before("flush", "");
        lock (_gate)
        {
            _durableNames = new Dictionary<string, SimulatedFile>(_names, StringComparer.Ordinal);
        }
    }

    internal override string Describe(string name) => "disk:" + name;

    public override void Dispose()
    {
    }

    private sealed class Handle(SimulatedDisk disk, string name, SimulatedFile file) : StoreFile
    {
        internal override long Length
        {
            get
            {
                lock (disk._gate)
                {
                    return file.Length;
                }
            }
        }

        internal override int Read(Span<byte> buffer, long offset)
        {
            lock (disk._gate)
            {
                return file.Read(buffer, offset);
            }
        }

        internal override void Write(ReadOnlySpan<byte> data, long offset)
        {
            disk.Before("write", name);
            lock (disk._gate)
            {
                long room = disk.Capacity - disk._names.Values.Sum(f => f.Length) + Math.Max(0, file.Length - offset);
                // A disk that fills up takes what fits, as systems do.
                file.Write(data[..(int)Math.Clamp(room, 0, data.Length)], offset);
                if (room < data.Length)
                {
                    throw NoSpace;
                }
            }
        }

        internal override void SetLength(long length)
        {
            disk.Before("truncate", name);
            lock (disk._gate)
            {
                file.SetLength(length);
            }
        }

        internal override void Flush()
        {
            disk.Before("flush", name);
            lock (disk._gate)
            {
                file.Flush();
            }

            if (name.StartsWith("log-", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref disk._flushes);
            }
        }

        public override void Dispose()
        {
        }
    }
}
