namespace Net.Security;

/// <summary>Says why the new content of a watched file was refused.</summary>
/// <param name="fault">Why. It may quote the file: clean it where it is shown.</param>
public sealed class WatchedFileFaultEventArgs(string fault) : EventArgs
{
    /// <summary>Why.</summary>
    public string Fault { get; } = fault;
}
