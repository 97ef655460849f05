using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging;

namespace Net.Server;

/// <summary>Serves one raw stream: header, access, route, handler, end.</summary>
#pragma warning disable CA1001 // RunAsync, which is called once, disposes what it makes.
internal sealed class RawStreamServing(RawStreamRouter router, RawStreamConnection owner, TransportConnection connection, TransportStream stream)
#pragma warning restore CA1001
{
    private RawStreamHeader? _header;
    private string _refusalReason = "";
    private RawStreamAccess? _access;

    /// <summary>Serves the stream to its end. Never fails.</summary>
    internal async Task RunAsync()
    {
        bool hasEntered = false;
        try
        {
            bool isMeasured = ServerDiagnostics.MeasuresDuration;
            long started = isMeasured ? router.TimeProvider.GetTimestamp() : 0;
            RawStreamOutcome refusal = Admit(out hasEntered);
            if (refusal == RawStreamOutcome.Completed)
            {
                refusal = await ReadHeaderAsync().ConfigureAwait(false);
            }

            if (refusal == RawStreamOutcome.Completed && router.Access is { } gate)
            {
                _access = new RawStreamAccess(gate);
                refusal = await _access.EnterAsync(connection, _header!).ConfigureAwait(false);
                _refusalReason = "access is refused";
            }

            // After the rules, so that a route which the caller may not use and one that is not there are the same to it.
            IRawStreamHandler? handler = refusal == RawStreamOutcome.Completed ? router.FindHandler(_header!.Route) : null;
            RawStreamOutcome outcome = handler is not null
                ? await HandleAsync(handler).ConfigureAwait(false)
                : Refuse(refusal == RawStreamOutcome.Completed ? RawStreamOutcome.UnknownRoute : refusal);
            if (isMeasured)
            {
                ServerDiagnostics.RecordStream(handler is null ? null : _header!.Route, outcome, router.TimeProvider.GetElapsedTime(started));
            }

            await EndAsync().ConfigureAwait(false);
            if (handler is not null && !stream.SendCompletion.IsCompletedSuccessfully)
            {
                owner.NoteCut();
            }
        }
#pragma warning disable CA1031 // One stream's failure must not reach the connection, and nobody but the log sees it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            owner.NoteCut();
            string route = PlainText.Clean(_header?.Route);
            ServerLog.HandlerFailed(router.Logger, route, connection.Id, stream.Id, exception);
        }
        finally
        {
            _access?.Dispose();
            if (hasEntered)
            {
                router.ExitStream();
            }

            owner.Exit();
        }
    }

    private RawStreamOutcome Admit(out bool hasEntered)
    {
        hasEntered = false;
        if (stream.Direction != StreamDirection.Bidirectional)
        {
            _refusalReason = "it is unidirectional";
            return RawStreamOutcome.WrongDirection;
        }

        if (owner.Draining.IsCancellationRequested)
        {
            _refusalReason = "the server is about to end";
            return RawStreamOutcome.GoingAway;
        }

        hasEntered = router.TryEnterStream();
        _refusalReason = "RawStreamServerOptions.MaxConcurrentStreams is reached";
        return hasEntered ? RawStreamOutcome.Completed : RawStreamOutcome.Overloaded;
    }

    private ValueTask<RawStreamOutcome> ReadHeaderAsync()
    {
        // The header comes with the stream's first packet, so that it is mostly there already, and neither timer nor wait is needed.
        try
        {
            if (stream.Input.TryRead(out ReadResult result) && TakeHeader(result) is RawStreamOutcome outcome)
            {
                return new(outcome);
            }
        }
        catch (TransportException exception)
        {
            _refusalReason = exception.Message;
            return new(RawStreamOutcome.Cancelled);
        }

        return WaitForHeaderAsync();
    }

    private async ValueTask<RawStreamOutcome> WaitForHeaderAsync()
    {
        using var limit = new CancellationTokenSource(router.Options.HeaderTimeout, router.TimeProvider);
        try
        {
            while (true)
            {
                ReadResult result = await stream.Input.ReadAsync(limit.Token).ConfigureAwait(false);
                if (TakeHeader(result) is RawStreamOutcome outcome)
                {
                    return outcome;
                }
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            _refusalReason = "its header did not arrive in RawStreamServerOptions.HeaderTimeout";
            return RawStreamOutcome.HeaderTimeout;
        }
        catch (TransportException exception)
        {
            _refusalReason = exception.Message;
            return RawStreamOutcome.Cancelled;
        }
    }

    /// <summary>Takes the header off the input: what came of it, or <c>null</c> when more must come first.</summary>
    private RawStreamOutcome? TakeHeader(in ReadResult result)
    {
        ReadOnlySequence<byte> buffer = result.Buffer;
        RawStreamHeaderStatus status = RawStreamHeaderReader.TryRead(ref buffer, router.Options.HeaderLimits, out _header, out string? fault);
        if (status == RawStreamHeaderStatus.NeedMore)
        {
            stream.Input.AdvanceTo(buffer.Start, buffer.End);
            _refusalReason = "it ended inside its header";
            return result.IsCompleted ? RawStreamOutcome.MalformedHeader : null;
        }

        // What follows the header is left unexamined, so that the handler's first read returns it at once.
        stream.Input.AdvanceTo(buffer.Start, buffer.Start);
        _refusalReason = fault ?? "";
        return status switch
        {
            RawStreamHeaderStatus.Complete => RawStreamOutcome.Completed,
            RawStreamHeaderStatus.TooLarge => RawStreamOutcome.HeaderTooLarge,
            RawStreamHeaderStatus.UnsupportedField => RawStreamOutcome.UnsupportedField,
            _ => RawStreamOutcome.MalformedHeader,
        };
    }

    private RawStreamOutcome Refuse(RawStreamOutcome refusal)
    {
        stream.Abort(refusal.GetErrorCode());
        if (router.Logger.IsEnabled(LogLevel.Debug))
        {
            string text = refusal == RawStreamOutcome.UnknownRoute ? $"there is no route '{PlainText.Clean(_header!.Route)}'" : PlainText.Clean(_refusalReason);
            ServerLog.StreamRefused(router.Logger, connection.Id, stream.Id, refusal.GetName(), text);
        }

        return refusal;
    }

    private async ValueTask<RawStreamOutcome> HandleAsync(IRawStreamHandler handler)
    {
        RawStreamHeader header = _header!;
        TimeSpan? deadline = Shorter(header.Deadline, router.Options.MaxDeadline);
        var context = new RawStreamContext(connection, stream, header, deadline, router.TimeProvider, owner.Draining, _access?.Call);
        Activity? activity = ServerDiagnostics.StartStream(header, connection);
        ITimer? timer = null;
        Exception? failure = null;
        ServerDiagnostics.StreamStarted(header.Route);
        try
        {
            if (deadline == TimeSpan.Zero)
            {
                context.End(RawStreamOutcome.DeadlineExceeded, RawStreamErrorCodes.DeadlineExceeded);
            }
            else
            {
                timer = deadline is TimeSpan time ? StartDeadline(context, time) : null;
                _access?.Watch(context);
                await handler.HandleAsync(context).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // Whatever a handler throws ends its stream and nothing else.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
        }
        finally
        {
            ServerDiagnostics.StreamStopped(header.Route);
        }

        if (timer is not null)
        {
            await timer.DisposeAsync().ConfigureAwait(false);
        }

        if (_access is not null)
        {
            await _access.StopAsync().ConfigureAwait(false);
        }

        RawStreamOutcome outcome = await FinishAsync(context, failure).ConfigureAwait(false);
        ServerDiagnostics.EndStream(activity, outcome, failure);
        return outcome;
    }

    private async ValueTask<RawStreamOutcome> FinishAsync(RawStreamContext context, Exception? failure)
    {
        (RawStreamOutcome outcome, long code) = context.Ended;
        if (outcome != RawStreamOutcome.Completed)
        {
            // Whoever ended it may not have come to the abort yet, and what follows would end the stream as if all had been said.
            stream.Abort(code);
        }
        else
        {
            failure ??= await CompleteAsync().ConfigureAwait(false);
            if (failure is null)
            {
                return outcome;
            }

            outcome = Judge(failure);
            stream.Abort(outcome.GetErrorCode());
        }

        if (outcome == RawStreamOutcome.HandlerFailed)
        {
            ServerLog.HandlerFailed(router.Logger, context.Route, connection.Id, stream.Id, failure!);
        }
        else
        {
            ServerLog.StreamEndedEarly(router.Logger, context.Route, connection.Id, stream.Id, outcome.GetName());
        }

        return outcome;
    }

    private async ValueTask<TransportException?> CompleteAsync()
    {
        try
        {
            await stream.Output.CompleteAsync().ConfigureAwait(false);
            stream.AbortRead(RawStreamErrorCodes.NoError);
            return null;
        }
        catch (TransportException exception)
        {
            return exception;
        }
    }

    /// <summary>Whether a handler failed by itself or because its stream did. A handler may use other connections, whose failures are its own.</summary>
    private RawStreamOutcome Judge(Exception failure)
    {
        if (failure is not (TransportException or OperationCanceledException))
        {
            return RawStreamOutcome.HandlerFailed;
        }

        if (connection.Closed.IsCompleted)
        {
            return RawStreamOutcome.ConnectionLost;
        }

        return stream.SendCompletion.IsFaulted || IsInputReset() ? RawStreamOutcome.Cancelled : RawStreamOutcome.HandlerFailed;
    }

    private bool IsInputReset()
    {
        try
        {
            stream.Input.TryRead(out _);
            return false;
        }
        catch (TransportException)
        {
            return true;
        }
        catch (InvalidOperationException)
        {
            // The handler completed the reader, or left a read without advancing: nothing can be learnt.
            return false;
        }
    }

    private async Task EndAsync()
    {
        await stream.DisposeAsync().ConfigureAwait(false);

        // Until then the answer may be under way, and closing the connection would cut it.
        await stream.SendCompletion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private ITimer StartDeadline(RawStreamContext context, TimeSpan time) => router.TimeProvider.CreateTimer(
        static state => ((RawStreamContext)state!).End(RawStreamOutcome.DeadlineExceeded, RawStreamErrorCodes.DeadlineExceeded), context, time, Timeout.InfiniteTimeSpan);

    private static TimeSpan? Shorter(TimeSpan? deadline, TimeSpan limit) =>
        limit == Timeout.InfiniteTimeSpan ? deadline
        : deadline is TimeSpan time && time < limit ? time
        : limit;
}
