namespace Net.Security;

/// <summary>Where the files of the audit are. Tests have one that fails on demand.</summary>
internal abstract class AuditStorage : IDisposable
{
    internal const string Extension = ".jsonl";

    /// <summary>The names of the files, in the order of their first entries.</summary>
    internal abstract IReadOnlyList<string> List();

    /// <summary>Opens a file, or makes it, to write at its end.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    internal abstract AuditFile Open(string name);

    internal abstract void Delete(string name);

    public abstract void Dispose();

    internal static string NameOf(long firstSequence) => $"audit-{firstSequence.ToString("D15", System.Globalization.CultureInfo.InvariantCulture)}{Extension}";
}

/// <summary>One file of the audit.</summary>
internal abstract class AuditFile : IDisposable
{
    internal abstract long Length { get; }

    /// <summary>Reads at most as many bytes as the buffer has.</summary>
    internal abstract int Read(long offset, Span<byte> buffer);

    internal abstract void Write(long offset, ReadOnlySpan<byte> bytes);

    internal abstract void Flush();

    /// <summary>Cuts off what is after a length.</summary>
    internal abstract void Cut(long length);

    public abstract void Dispose();
}
