using System.Diagnostics.CodeAnalysis;
using System.Net.Quic;
using System.Threading.Channels;

namespace Net.MsQuic.Internal;

/// <content>Streams: opened here, and taken from the peer.</content>
internal sealed partial class MsQuicConnection
{
    /// <inheritdoc/>
    public override async ValueTask<TransportStream> OpenStreamAsync(
        StreamDirection direction, Idempotency idempotency = Idempotency.NonIdempotent, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        StreamOpener opener = OpenerOf(direction);
        if (IsOver || !_streams.TryEnter())
        {
            throw CreateEndException(null, null, isSafeToRetry: true);
        }

        QuicStream opened;
        try
        {
            opened = await opener.OpenAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _streams.Leave();
            throw;
        }
        catch (Exception exception)
        {
            _streams.Leave();
            throw CreateEndException(MsQuicErrors.Translate(exception, ErrorScene.Connected), exception, isSafeToRetry: true);
        }

        return Begin(new MsQuicStream(this, direction, isLocallyInitiated: true, opened.Id, _pipes), opened, null);
    }

    /// <inheritdoc/>
    public override bool TryOpenStream(StreamDirection direction, Idempotency idempotency, [NotNullWhen(true)] out TransportStream? stream)
    {
        stream = null;
        StreamOpener opener = OpenerOf(direction);
        if (IsOver || !_streams.TryEnter())
        {
            return false;
        }

        if (!opener.TryOpen(out QuicStream? opened, out Task<QuicStream>? opening, out long id))
        {
            _streams.Leave();
            return false;
        }

        stream = Begin(new MsQuicStream(this, direction, isLocallyInitiated: true, id, _pipes), opened, opening);
        return true;
    }

    /// <inheritdoc/>
    public override async ValueTask<TransportStream> AcceptStreamAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await _accepted.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw CreateEndException(null, null, isSafeToRetry: false);
        }
    }

    /// <summary>Notes that a stream has given its native resources back.</summary>
    /// <param name="stream">The stream.</param>
    internal void Forget(MsQuicStream stream) => _streams.Leave();

    /// <summary>Translates what a stream's operation failed with.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>The exception for the application.</returns>
    internal TransportException TranslateStreamError(Exception exception)
    {
        ErrorMeaning meaning = MsQuicErrors.Translate(exception, ErrorScene.Connected);
        return meaning.Error == TransportError.StreamReset
            ? meaning.ToException($"The stream ended: {meaning.Reason}.", exception)
            : CreateEndException(meaning, exception, isSafeToRetry: false);
    }

    private StreamOpener OpenerOf(StreamDirection direction) => direction switch
    {
        StreamDirection.Bidirectional => _bidirectional,
        StreamDirection.Unidirectional => _unidirectional,
        _ => throw new ArgumentOutOfRangeException(nameof(direction), direction, "It must be Bidirectional or Unidirectional."),
    };

    private static MsQuicStream Begin(MsQuicStream stream, QuicStream? opened, Task<QuicStream>? opening)
    {
        TransportDiagnostics.StreamOpened(MsQuicEngine.EngineName, stream.IsLocallyInitiated);
        stream.Start(opened, opening);
        return stream;
    }

    private async Task AcceptLoopAsync()
    {
        bool acceptsNone = MsQuicOptions.AcceptsNoStreams(_options.Limits);
        try
        {
            while (true)
            {
                QuicStream quic = await _quic.AcceptInboundStreamAsync(CancellationToken.None).ConfigureAwait(false);
                if (acceptsNone || !_streams.TryEnter())
                {
                    quic.Abort(QuicAbortDirection.Both, _options.DefaultStreamErrorCode);
                    await quic.DisposeAsync().ConfigureAwait(false);
                    continue;
                }

                StreamDirection direction = quic.Type == QuicStreamType.Bidirectional ? StreamDirection.Bidirectional : StreamDirection.Unidirectional;
                _accepted.Writer.TryWrite(Begin(new MsQuicStream(this, direction, isLocallyInitiated: false, quic.Id, _pipes), quic, null));
            }
        }
        catch (Exception exception)
        {
            await EndAsync(exception).ConfigureAwait(false);
        }
    }
}
