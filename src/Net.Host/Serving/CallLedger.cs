using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Net.Grpc;
using Net.Server;

namespace Net.Hosting.Serving;

/// <summary>
/// Appends a line to a file for every call that names itself and is executed, before it is executed: the id that the caller gave in <see cref="MetadataName"/>, and the SHA-256 of its first message,
/// or a dash for raw streams. Who compares it with what callers saw finds calls that were lost or done twice.
/// </summary>
/// <remarks>A line is one write to a file that is opened for appending: it survives the death of the process, though not that of the machine.</remarks>
internal sealed class CallLedger : GrpcServerInterceptor, IDisposable
{
    /// <summary>Metadata of gRPC calls and raw streams: 32 hexadecimal digits.</summary>
    internal const string MetadataName = "net-call-id";

    private const int IdLength = 32;
    private static readonly object NotedKey = new();

    private readonly Lock _lock = new();
    private readonly FileStream _file;

    private CallLedger(FileStream file) => _file = file;

    /// <summary>Opens a file for appending, or makes it.</summary>
    /// <exception cref="HostException">It cannot be written.</exception>
    internal static CallLedger Open(string path)
    {
        try
        {
            return new CallLedger(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new HostException(ExitCodes.Failure, $"The ledger '{path}' cannot be written: {exception.Message}\nName another file with --ledger, or leave it out.", exception);
        }
    }

    /// <inheritdoc/>
    public override ValueTask MessageReceivedAsync(GrpcServerContext context, IMessage message)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(message);

        // The first message of a stream stands for the call.
        if (context.RequestHeaders.Get(MetadataName) is { } id && IsId(id) && context.Items.TryAdd(NotedKey, this))
        {
            Append(id, Convert.ToHexStringLower(SHA256.HashData(message.ToByteArray())));
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>A handler that notes each stream before it serves it.</summary>
    internal IRawStreamHandler Around(IRawStreamHandler inner) => new Handler(this, inner);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static bool IsId(string text) => text.Length == IdLength && UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _);

    private void Append(string id, string digest)
    {
        Span<byte> line = stackalloc byte[IdLength + 1 + (2 * SHA256.HashSizeInBytes) + 1];
        int length = Encoding.ASCII.GetBytes(id, line);
        line[length++] = (byte)' ';
        length += Encoding.ASCII.GetBytes(digest, line[length..]);
        line[length++] = (byte)'\n';
        lock (_lock)
        {
            _file.Write(line[..length]);
        }
    }

    private sealed class Handler(CallLedger ledger, IRawStreamHandler inner) : IRawStreamHandler
    {
        public Task HandleAsync(RawStreamContext stream)
        {
            if (stream.Metadata.GetText(MetadataName) is { } id && IsId(id))
            {
                ledger.Append(id, "-");
            }

            return inner.HandleAsync(stream);
        }
    }
}
