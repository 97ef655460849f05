using System.Diagnostics;

namespace Net.Client;

/// <summary>Opens raw streams on one connection that negotiated <c>net/1</c>. Thread-safe. The connection stays the caller's.</summary>
public sealed class RawStreamClient
{
    private readonly TransportConnection _connection;
    private readonly RawStreamLimits _limits;
    private readonly TimeProvider _timeProvider;

    /// <summary>Makes a client.</summary>
    /// <param name="connection">
    /// A connection opened with <see cref="RawStreamProtocol.ApplicationProtocol"/>, best with <see cref="RawStreamProtocol.ClientLimits"/>; the caller owns and disposes it.
    /// </param>
    /// <param name="limits">How large headers may be, as the server would refuse larger ones; <c>null</c>: the defaults of the protocol.</param>
    /// <param name="timeProvider">The clock of deadlines; <c>null</c>: the system's.</param>
    /// <exception cref="ArgumentException">The connection speaks another protocol, is a server's side, or the limits are out of range.</exception>
    public RawStreamClient(TransportConnection connection, RawStreamLimits? limits = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(connection);
        // Empty while 0-RTT waits for the server; the handshake then fails by itself when the server wants another protocol.
        if (connection.IsServer || connection.ApplicationProtocol is not (RawStreamProtocol.ApplicationProtocol or ""))
        {
            throw new ArgumentException(
                $"Raw streams are opened by clients on connections with application protocol '{RawStreamProtocol.ApplicationProtocol}'; this one is a "
                + $"{(connection.IsServer ? "server" : "client")}'s with '{connection.ApplicationProtocol}'.",
                nameof(connection));
        }

        _limits = limits ?? RawStreamLimits.Default;
        _limits.Validate();
        _connection = connection;
        _timeProvider = timeProvider ?? TimeProvider.System;
    }

    /// <summary>Opens a stream to a handler of the server's, waiting for the server's credit when there is none.</summary>
    /// <param name="route">The name of the handler: 1 to 255 bytes of UTF-8 without control characters.</param>
    /// <param name="options">Deadline, metadata and the like; <c>null</c>: the defaults.</param>
    /// <param name="cancellationToken">
    /// Belongs to the whole life of the stream: stops waiting, and aborts both directions of the open stream with <see cref="RawStreamErrorCodes.Cancelled"/>.
    /// Reading and writing then throw <see cref="OperationCanceledException"/> with this token.
    /// </param>
    /// <returns>The stream; the caller owns and disposes it. That the server has no such route shows when it is read from.</returns>
    /// <exception cref="ArgumentException">The route or the options are out of range.</exception>
    /// <exception cref="TransportException">
    /// <see cref="TransportError.DeadlineExceeded"/>: the deadline passed while waiting.
    /// <see cref="TransportError.MessageTooLarge"/>: the header is over the limit that the message names.
    /// Others: the connection is over.
    /// </exception>
    public ValueTask<RawStream> OpenAsync(string route, RawStreamOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= RawStreamOptions.Default;
        options.Validate();
        var header = new RawStreamHeader(route) { Idempotency = options.Idempotency, Metadata = options.Metadata };

        // The deadline and the trace are added when the header is sent; both have a fixed largest size, so the check holds then too.
        RawStreamHeaderWriter.GetSize(header, _limits);
        cancellationToken.ThrowIfCancellationRequested();
        return OpenCoreAsync(header, options, cancellationToken);
    }

    private async ValueTask<RawStream> OpenCoreAsync(RawStreamHeader header, RawStreamOptions options, CancellationToken cancellationToken)
    {
        long started = _timeProvider.GetTimestamp();
        Activity? activity = ClientDiagnostics.StartStream(header.Route, _connection);
        RawStream? stream = null;
        try
        {
            // Without a listener of ours the caller's own span still goes on to the server.
            Activity? parent = activity ?? Activity.Current;
            header = parent is { IdFormat: ActivityIdFormat.W3C } ? header with { TraceContext = parent.Context } : header;
            if (!_connection.TryOpenStream(StreamDirection.Bidirectional, options.Idempotency, out TransportStream? transport))
            {
                transport = await WaitForStreamAsync(header.Route, options, started, cancellationToken).ConfigureAwait(false);
            }

            if (options.Priority is StreamPriority priority)
            {
                transport.Priority = priority;
            }

            stream = new RawStream(transport, header, _limits, _timeProvider, started, activity);
            stream.EndAfter(options.Deadline, cancellationToken);
            if (options.SendHeaderAtOnce)
            {
                await stream.Output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            }

            return stream;
        }
        catch (Exception exception)
        {
            if (stream is not null)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                ClientDiagnostics.EndStream(activity, _timeProvider.GetElapsedTime(started), exception);
            }

            throw;
        }
    }

    private async ValueTask<TransportStream> WaitForStreamAsync(
        string route, RawStreamOptions options, long started, CancellationToken cancellationToken)
    {
        using CancellationTokenSource? limit = options.Deadline is TimeSpan deadline
            ? new CancellationTokenSource(Max(deadline - _timeProvider.GetElapsedTime(started)), _timeProvider)
            : null;
        using CancellationTokenSource? linked = limit is null ? null : CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await _connection.OpenStreamAsync(StreamDirection.Bidirectional, options.Idempotency, linked?.Token ?? cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OperationCanceledException exception) when (limit is { IsCancellationRequested: true })
        {
            throw RawStreamErrors.DeadlineExceeded(route, options.Deadline!.Value, "while it waited for the server to allow another stream", exception);
        }
        catch (TransportException exception)
        {
            throw RawStreamErrors.Translate(exception, route);
        }
    }

    private static TimeSpan Max(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;
}
