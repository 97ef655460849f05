using System.Globalization;

namespace Net.Chaos.Ledgers;

/// <summary>What the hosts say that they executed, read from the files they append to. A host that is killed loses no line that it had written.</summary>
internal sealed class ServerLedger
{
    private readonly Dictionary<UInt128, ServerEntry> _entries = [];

    /// <summary>Lines that could not be read, other than a last one that was cut off.</summary>
    internal int BadLines { get; private set; }

    internal int Count => _entries.Count;

    internal ServerEntry? Find(UInt128 id) => _entries.TryGetValue(id, out ServerEntry? entry) ? entry : null;

    /// <summary>Reads the files of all hosts.</summary>
    /// <param name="paths">The files; those that are missing belong to hosts that executed nothing.</param>
    internal static ServerLedger Read(IEnumerable<(string Host, string Path)> paths)
    {
        var ledger = new ServerLedger();
        foreach ((string host, string path) in paths)
        {
            if (File.Exists(path))
            {
                using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                using var reader = new StreamReader(stream);
                ledger.Add(host, reader.ReadToEnd());
            }
        }

        return ledger;
    }

    /// <summary>Adds the lines of one host: the id of a call and the digest of its request in hexadecimal, or a dash where there is none.</summary>
    internal void Add(string host, string text)
    {
        int begin = 0;
        for (int end = text.IndexOf('\n', begin); end >= 0; end = text.IndexOf('\n', begin))
        {
            AddLine(host, text.AsSpan(begin, end - begin));
            begin = end + 1;
        }

        // What follows the last line feed was being written when the host died: it was not executed yet.
    }

    /// <summary>Adds one execution.</summary>
    internal void Add(string host, UInt128 id, CallDigest? request)
    {
        if (!_entries.TryGetValue(id, out ServerEntry? entry))
        {
            _entries.Add(id, entry = new ServerEntry(request));
        }

        entry.Add(host, request);
    }

    private void AddLine(string host, ReadOnlySpan<char> line)
    {
        int space = line.IndexOf(' ');
        CallDigest? digest = null;
        if (space != 32 || !UInt128.TryParse(line[..space], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 id))
        {
            BadLines++;
            return;
        }

        ReadOnlySpan<char> rest = line[(space + 1)..];
        if (rest is not "-")
        {
            if (!CallDigest.TryParse(rest, out CallDigest read))
            {
                BadLines++;
                return;
            }

            digest = read;
        }

        Add(host, id, digest);
    }
}
