using System.Globalization;
using System.Text;

namespace Net.Hosting.Echoing;

/// <summary>What a command sends: a text, a file, random bytes, or its standard input.</summary>
internal sealed record PayloadSource
{
    internal const int MaxPayload = 64 << 20;

    internal string? Message { get; init; }

    internal string? FilePath { get; init; }

    internal int? Size { get; init; }

    /// <summary>Reads it.</summary>
    /// <exception cref="HostException">There is nothing, or too much.</exception>
    internal async Task<byte[]> ReadAsync(HostContext context, CancellationToken cancellationToken)
    {
        byte[] payload;
        if (Message is string message)
        {
            payload = Encoding.UTF8.GetBytes(message);
        }
        else if (Size is int size)
        {
            payload = new byte[size];
            context.Random.NextBytes(payload);
        }
        else if (FilePath is string path)
        {
            DemandSize(new FileInfo(path).Length, $"The file '{path}'");
            payload = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
        }
        else if (context.IsInputRedirected)
        {
            payload = await ReadInputAsync(context, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            payload = Encoding.UTF8.GetBytes("hello");
        }

        return payload.Length > 0 ? payload : throw new HostException(ExitCodes.Usage, "There is nothing to send: give --message, --file or standard input with at least one byte.");
    }

    internal static async Task<byte[]> ReadInputAsync(HostContext context, CancellationToken cancellationToken)
    {
        Stream input = context.OpenInput();
        await using (input.ConfigureAwait(false))
        {
            using var all = new MemoryStream();
            byte[] buffer = new byte[64 << 10];
            for (int count = await input.ReadAsync(buffer, cancellationToken).ConfigureAwait(false); count > 0;
                count = await input.ReadAsync(buffer, cancellationToken).ConfigureAwait(false))
            {
                all.Write(buffer, 0, count);
                DemandSize(all.Length, "The standard input");
            }

            return all.ToArray();
        }
    }

    private static void DemandSize(long size, string what)
    {
        if (size > MaxPayload)
        {
            throw new HostException(ExitCodes.Usage, string.Create(CultureInfo.InvariantCulture, $"{what} has {size} bytes or more; at most {MaxPayload} are sent at a time."));
        }
    }
}
