namespace Net.Security;

/// <summary>Where the password of an encrypted key comes from. It is asked for each time a key is read and not kept.</summary>
public sealed class CertificatePassword
{
    private readonly Func<string>? _ask;

    private CertificatePassword(string? path, Func<string>? ask)
    {
        Path = path;
        _ask = ask;
    }

    /// <summary>The file that holds it, or <c>null</c> when it is asked for.</summary>
    internal string? Path { get; }

    /// <summary>Takes the password from a file, which is watched with the key: its first line, without the line break.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The password.</returns>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public static CertificatePassword FromFile(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return new CertificatePassword(path, null);
    }

    /// <summary>Asks for the password.</summary>
    /// <param name="ask">Gives it; called on a thread of the source's. What it throws refuses the key.</param>
    /// <returns>The password.</returns>
    public static CertificatePassword FromCallback(Func<string> ask)
    {
        ArgumentNullException.ThrowIfNull(ask);
        return new CertificatePassword(null, ask);
    }

    /// <summary>The password, from the content of its file or from the callback.</summary>
    internal string Get(ReadOnlySpan<byte> fileContent)
    {
        if (_ask is not null)
        {
            return _ask();
        }

        string text = System.Text.Encoding.UTF8.GetString(fileContent);
        int end = text.AsSpan().IndexOfAny('\r', '\n');
        return end < 0 ? text : text[..end];
    }
}
