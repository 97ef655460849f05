using Net.Security;

namespace Net.Hosting.Access;

/// <summary>Runs <c>net apikey new</c>.</summary>
internal sealed class ApiKeyRunner(HostContext context)
{
    /// <summary>Makes a key, adds what is stored of it to a file, and shows it once.</summary>
    internal async Task<int> CreateAsync(string file, string pepperFile, string name, IReadOnlyList<string> roles, int days)
    {
        byte[] pepper = ReadOrMakePepper(pepperFile);
        DateTimeOffset now = context.TimeProvider.GetUtcNow();
        IReadOnlyList<ApiKeyEntry> entries = File.Exists(file) ? ApiKeySet.Parse(await File.ReadAllBytesAsync(file).ConfigureAwait(false), pepper).Entries : [];
        ApiKey key = ApiKey.Create();
        var entry = new ApiKeyEntry
        {
            Id = key.Id, Hash = ApiKeySet.HashOf(key, pepper), Name = name, Roles = roles, Created = Seconds(now), Expires = Seconds(now.AddDays(days)),
        };
        ApiKeyEntry[] all = [.. entries, entry];

        // What the server would refuse must not get into its file.
        _ = new ApiKeySet(all, pepper);
        SecretFile.Write(file, ApiKeySet.Format(all));
        await context.Error.WriteLineAsync(
            $"The key of '{name}' is valid until {entry.Expires:yyyy-MM-dd HH:mm} UTC. It is shown once and kept nowhere; a server that watches '{file}' takes it within a second. "
            + $"To take it back, remove the entry {entry.Id}.").ConfigureAwait(false);
        await context.Output.WriteLineAsync(key.Text).ConfigureAwait(false);
        return ExitCodes.Ok;
    }

    private static byte[] ReadOrMakePepper(string path)
    {
        if (!File.Exists(path))
        {
            SecretFile.Write(path, System.Text.Encoding.ASCII.GetBytes(System.Security.Cryptography.RandomNumberGenerator.GetHexString(2 * ApiKeySet.MinPepperBytes, lowercase: true) + "\n"));
        }

        return SecretFile.Read(path);
    }

    private static DateTimeOffset Seconds(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
}
