namespace Net.Security.Internal;

/// <summary>What a source read in one look.</summary>
internal sealed class SourceContent : IDisposable
{
    internal required byte[] Digest { get; init; }

    internal required IReadOnlyList<(IdentityReader Reader, IdentityContent Content)> Identities { get; init; }

    internal required IReadOnlyList<(string Path, byte[] Content)> Trust { get; init; }

    internal required IReadOnlyList<(string Path, byte[] Content)> Lists { get; init; }

    internal required IReadOnlyList<(string Path, byte[] Content)> Issuers { get; init; }

    /// <summary>Why not all could be read; the rest is empty then.</summary>
    internal CertificateSourceException? Fault { get; init; }

    public void Dispose()
    {
        foreach ((_, IdentityContent content) in Identities)
        {
            content.Erase();
        }
    }
}

/// <summary>Reads all that a source is made of.</summary>
internal sealed class SourceReader(CertificateSourceOptions options)
{
    private readonly IdentityReader[] _identities = [.. options.Identities.Select(input => input.CreateReader(options))];
    private readonly SourceFile[] _trust = [.. options.TrustFiles.Select(path => new SourceFile(path, options.BaseDirectory, options.MaxFileSize))];
    private readonly SourceFile[] _lists = [.. options.RevocationListFiles.Select(path => new SourceFile(path, options.BaseDirectory, options.MaxRevocationListSize))];
    private readonly SourceFile[] _issuers = [.. options.IssuerFiles.Select(path => new SourceFile(path, options.BaseDirectory, options.MaxFileSize))];

    internal bool IsAsync => Array.Exists(_identities, static reader => reader.IsAsync);

    /// <summary>Reads all. What cannot be read is said in <see cref="SourceContent.Fault"/>.</summary>
    internal async ValueTask<SourceContent> ReadAsync(bool isAsked, CancellationToken cancellationToken)
    {
        var identities = new List<(IdentityReader, IdentityContent)>(_identities.Length);
        try
        {
            foreach (IdentityReader reader in _identities)
            {
                identities.Add((reader, await reader.ReadAsync(isAsked, cancellationToken).ConfigureAwait(false)));
            }

            (string Path, byte[] Content)[] trust = ReadAll(_trust);
            (string Path, byte[] Content)[] lists = ReadAll(_lists);
            (string Path, byte[] Content)[] issuers = ReadAll(_issuers);
            return new SourceContent
            {
                Digest = ContentDigest.Of([
                    .. identities.Select(static identity => identity.Item2.Digest),
                    .. trust.Select(static file => file.Content), .. lists.Select(static file => file.Content), .. issuers.Select(static file => file.Content)]),
                Identities = identities,
                Trust = trust,
                Lists = lists,
                Issuers = issuers,
            };
        }
        catch (CertificateSourceException exception)
        {
            foreach ((_, IdentityContent content) in identities)
            {
                content.Erase();
            }

            // The same fault is the same content: it is reported when it stands.
            return new SourceContent
            {
                Digest = ContentDigest.Of([System.Text.Encoding.UTF8.GetBytes(exception.Message)]),
                Identities = [],
                Trust = [],
                Lists = [],
                Issuers = [],
                Fault = exception,
            };
        }
    }

    private (string Path, byte[] Content)[] ReadAll(SourceFile[] files) => [.. files.Select(file => (file.Path, file.Read(options.TimeProvider)))];
}
