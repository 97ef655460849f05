using System.Buffers;
using System.Text;

namespace Net.Ngtcp2.Tls;

/// <summary>Appends TLS secrets to a file in the NSS key log format, for packet analysis. All sessions of this process that name a file share one writer.</summary>
/// <remarks>A new file can be read by its owner only; the rights of one that exists stay as they are. Two processes should not write to one file.</remarks>
internal sealed class KeyLogWriter : IDisposable
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, KeyLogWriter> Writers = new(StringComparer.Ordinal);

    private readonly string _path;
    private readonly FileStream _file;
    private readonly ArrayBufferWriter<byte> _line = new(256);
    private int _users;

    private KeyLogWriter(string path)
    {
        _path = path;
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        _file = new FileStream(path, options);
    }

    /// <summary>Opens the writer of a file, or shares the one that is open. Dispose it once for each call.</summary>
    /// <param name="path">The file; it is made when absent.</param>
    /// <returns>The writer.</returns>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static KeyLogWriter Open(string path)
    {
        string full = Path.GetFullPath(path);
        lock (Gate)
        {
            if (!Writers.TryGetValue(full, out KeyLogWriter? writer))
            {
                writer = new KeyLogWriter(full);
                Writers.Add(full, writer);
            }

            writer._users++;
            return writer;
        }
    }

    /// <summary>Appends one line. Never throws: a full disk must not end connections.</summary>
    /// <param name="label">The label of the secret.</param>
    /// <param name="clientRandom">The random value of the ClientHello.</param>
    /// <param name="secret">The secret.</param>
    public void Write(ReadOnlySpan<byte> label, ReadOnlySpan<byte> clientRandom, ReadOnlySpan<byte> secret)
    {
        lock (_line)
        {
            _line.Clear();
            _line.Write(label);
            _line.Write(" "u8);
            WriteHex(clientRandom);
            _line.Write(" "u8);
            WriteHex(secret);
            _line.Write("\n"u8);
            try
            {
                if (_file.CanSeek)
                {
                    _file.Seek(0, SeekOrigin.End);
                }

                // One write for each line, so that a reader never sees half of one.
                _file.Write(_line.WrittenSpan);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                // The log is a help for analysis; the connection goes on without it.
            }
        }
    }

    /// <summary>Gives the writer back; the file is closed by the last one.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            if (--_users == 0)
            {
                Writers.Remove(_path);
                _file.Dispose();
            }
        }
    }

    private void WriteHex(ReadOnlySpan<byte> bytes)
    {
        Convert.TryToHexStringLower(bytes, _line.GetSpan(bytes.Length * 2), out int written);
        _line.Advance(written);
    }
}
