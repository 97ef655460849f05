using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Net.Client.Internal;

namespace Net.Client;

/// <summary>Reads end points from a JSON file and follows its changes. A file that cannot be read, is half written or has faults is refused whole, and the old list stays.</summary>
/// <remarks>
/// <code>
/// { "endPoints": [ { "address": "https://a.example:443", "weight": 2, "priority": 0, "zone": "north", "serverName": "a.example" } ] }
/// </code>
/// Only <c>address</c> is needed. The content is compared, not the file's time, so that a renamed file, a swapped symbolic link and a write in place are all seen; a write in place is taken
/// once the JSON is whole. A change is in use within <see cref="FileResolverOptions.Interval"/>.
/// </remarks>
public sealed class FileResolver : EndPointResolver
{
    private readonly string _path;
    private readonly FileResolverOptions _options;
    private readonly TimeProvider _timeProvider;

    /// <summary>Makes a resolver; it reads once it is enumerated.</summary>
    /// <param name="path">The file. It may be missing at first.</param>
    /// <param name="options">Interval and bounds; <c>null</c>: the defaults.</param>
    /// <param name="timeProvider">The clock; <c>null</c>: the system's.</param>
    /// <param name="loggerFactory">Where changes and failures are logged; <c>null</c>: nowhere.</param>
    /// <exception cref="ArgumentException">The path is empty, or the options are out of range.</exception>
    public FileResolver(string path, FileResolverOptions? options = null, TimeProvider? timeProvider = null, ILoggerFactory? loggerFactory = null)
        : base(loggerFactory?.CreateLogger<FileResolver>())
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        _path = Path.GetFullPath(path);
        _options = options ?? FileResolverOptions.Default;
        _options.Validate();
        _timeProvider = timeProvider ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public override string Name => $"file:{_path}";

    /// <inheritdoc/>
    public override async IAsyncEnumerable<ImmutableArray<ChannelEndPoint>> ResolveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ImmutableArray<ChannelEndPoint> known = [];
        byte[]? seen = null;
        string? lastFailure = null;
        while (true)
        {
            Task refresh = RefreshRequested;
            ImmutableArray<ChannelEndPoint> found = [];
            try
            {
                byte[] content = await ReadAsync(cancellationToken).ConfigureAwait(false);
                if (seen is null || !content.AsSpan().SequenceEqual(seen))
                {
                    // Remembered even when it is refused: the same content has the same faults, and is told of once.
                    seen = content;
                    found = Parse(content);
                }

                lastFailure = null;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException && !cancellationToken.IsCancellationRequested)
            {
                if (exception is IOException or UnauthorizedAccessException)
                {
                    // When it comes back with the content it had, that is no change.
                    if (lastFailure != exception.Message)
                    {
                        lastFailure = exception.Message;
                        ReportFailure(exception, keepsOld: !known.IsEmpty);
                    }
                }
                else
                {
                    ReportFailure(exception, keepsOld: !known.IsEmpty);
                }
            }

            if (!found.IsEmpty && !found.SequenceEqual(known))
            {
                known = found;
                ResolvingLog.Resolved(Logger, Name, known.Length, string.Join(", ", known));
                yield return known;
            }

            await WaitAsync(refresh, _options.Interval, _timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        // Others may rename, replace or delete it meanwhile. Opened anew each time, so that a swapped link is followed.
        var file = new FileStream(_path, new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
        await using (file.ConfigureAwait(false))
        {
            // One byte more than allowed tells a file that is too large, also one that grows while it is read.
            byte[] buffer = new byte[Math.Min(file.Length, _options.MaxBytes) + 1];
            int read = await file.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return read <= _options.MaxBytes
                ? buffer[..read]
                : throw new IOException(string.Create(
                    CultureInfo.InvariantCulture, $"'{_path}' is larger than {_options.MaxBytes} bytes ({nameof(FileResolverOptions)}.{nameof(FileResolverOptions.MaxBytes)})."));
        }
    }

    private ImmutableArray<ChannelEndPoint> Parse(byte[] content)
    {
        EndPointFile? file;
        try
        {
            // Some editors begin a file with a byte order mark, which is no JSON.
            ReadOnlySpan<byte> json = content.AsSpan().StartsWith("\uFEFF"u8) ? content.AsSpan(3) : content;
            file = JsonSerializer.Deserialize(json, EndPointFileJson.Default.EndPointFile);
        }
        catch (JsonException exception)
        {
            throw new ArgumentException($"'{_path}' is no whole list of end points: {exception.Message}", exception);
        }

        if (file?.EndPoints is not { } entries)
        {
            throw new ArgumentException($"'{_path}' must hold an object with the array \"endPoints\".");
        }

        var faults = new OptionFaults($"'{_path}'");
        var endPoints = ImmutableArray.CreateBuilder<ChannelEndPoint>(entries.Count);
        for (int i = 0; i < entries.Count; i++)
        {
            if (Read(entries[i], out string? fault) is { } endPoint)
            {
                endPoints.Add(endPoint);
            }
            else
            {
                faults.Add($"endPoints[{i}]", fault!);
            }
        }

        faults.ThrowIfAny();
        EndPointLists.AddFaults(faults, "endPoints", endPoints.ToImmutable());
        faults.ThrowIfAny();
        return endPoints.ToImmutable();
    }

    private static ChannelEndPoint? Read(EndPointFile.Entry? entry, out string? fault)
    {
        if (string.IsNullOrWhiteSpace(entry?.Address))
        {
            fault = "has no \"address\".";
            return null;
        }

        try
        {
            fault = null;
            ChannelEndPoint endPoint = ChannelEndPoint.Parse(entry.Address);
            return endPoint with
            {
                Weight = entry.Weight ?? endPoint.Weight,
                Priority = entry.Priority ?? endPoint.Priority,
                Zone = entry.Zone,
                ServerName = entry.ServerName ?? endPoint.ServerName,
            };
        }
        catch (FormatException exception)
        {
            fault = exception.Message;
            return null;
        }
    }
}
