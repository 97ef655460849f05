namespace Net.Aql;

/// <summary>The directory of a store, which no other process has open. Disposing it lets others in.</summary>
internal abstract class StoreDirectory : IDisposable
{
    internal abstract IReadOnlyList<string> List();

    /// <summary>Makes an empty file, in place of one with the same name.</summary>
    internal abstract StoreFile Create(string name);

    internal abstract StoreFile Open(string name);

    /// <summary>Renames a file at once and whole, in place of one that has the name.</summary>
    internal abstract void Rename(string from, string to);

    internal abstract void Delete(string name);

    /// <summary>Returns when the names of the files would survive a loss of power.</summary>
    internal abstract void Flush();

    /// <summary>What to call a file in a message to a person.</summary>
    internal abstract string Describe(string name);

    public abstract void Dispose();
}
