using System.Net.Quic;
using System.Runtime.Versioning;

namespace Net.MsQuic.Internal;

/// <summary>Opens the outbound streams of one kind on a connection.</summary>
/// <remarks>
/// A stream takes its id, and with it one of the streams the peer allows, when its opening starts, even while it waits for credit. Cancelling such an opening loses that credit for ever:
/// the id is never used, so the peer never gives a new one. So an opening once started is never cancelled. A caller that stops waiting leaves it to the next caller.
/// </remarks>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
internal sealed class StreamOpener(QuicConnection connection, StreamDirection direction, StreamCredit credit, bool isServer, Action<StreamDirection> creditArrived)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource<QuicStream>> _waiters = [];
    private readonly Queue<QuicStream> _spare = [];
    private Exception? _failure;
    private int _opening;
    private long _started;

    /// <summary>How many can be opened without waiting.</summary>
    internal int Available
    {
        get
        {
            lock (_lock)
            {
                return _spare.Count + credit.Available(direction);
            }
        }
    }

    /// <summary>Opens a stream, or waits until the peer allows one. First come, first served.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The stream.</returns>
    internal async ValueTask<QuicStream> OpenAsync(CancellationToken cancellationToken)
    {
        var waiter = new TaskCompletionSource<QuicStream>(TaskCreationOptions.RunContinuationsAsynchronously);
        LinkedListNode<TaskCompletionSource<QuicStream>> node;
        lock (_lock)
        {
            ThrowIfFailed();
            if (_waiters.Count == 0 && _spare.TryDequeue(out QuicStream? spare))
            {
                return spare;
            }

            node = _waiters.AddLast(waiter);
            if (_opening < _waiters.Count)
            {
                // System.Net.Quic does not report credit that a waiting stream takes at once, so its arrival is reported from here.
                bool mustWait = credit.IsKnown && credit.Available(direction) == 0;
                _opening++;
                _ = DeliverAsync(Start(), mustWait);
            }
        }

        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static (state, token) =>
        {
            (StreamOpener self, LinkedListNode<TaskCompletionSource<QuicStream>> waiting) = ((StreamOpener, LinkedListNode<TaskCompletionSource<QuicStream>>))state!;
            self.GiveUp(waiting, token);
        }, (this, node));
        return await waiter.Task.ConfigureAwait(false);
    }

    /// <summary>Opens a stream if the peer's credit is there.</summary>
    /// <param name="opened">The stream, when one was at hand.</param>
    /// <param name="opening">Otherwise the opening under way, which needs nothing more of the peer.</param>
    /// <param name="id">The id the stream has or will have.</param>
    /// <returns>Whether there is a stream.</returns>
    internal bool TryOpen(out QuicStream? opened, out Task<QuicStream>? opening, out long id)
    {
        opened = null;
        opening = null;
        id = -1;
        lock (_lock)
        {
            if (_failure is not null || _waiters.Count > 0)
            {
                return false;
            }

            if (_spare.TryDequeue(out opened))
            {
                id = opened.Id;
                return true;
            }

            if (credit.Available(direction) == 0)
            {
                return false;
            }

            // Ids follow the order of the starts (RFC 9000, section 2.1), which the lock fixes.
            id = (_started << 2) | (isServer ? 1L : 0L) | (direction == StreamDirection.Unidirectional ? 2L : 0L);
            opening = Start();
            return true;
        }
    }

    /// <summary>Fails all who wait, and all who come.</summary>
    /// <param name="failure">Why.</param>
    /// <returns>Streams that nobody took; the caller disposes them.</returns>
    internal IReadOnlyList<QuicStream> Fail(Exception failure)
    {
        lock (_lock)
        {
            _failure ??= failure;
            foreach (TaskCompletionSource<QuicStream> waiter in _waiters)
            {
                waiter.TrySetException(_failure);
            }

            _waiters.Clear();
            QuicStream[] left = [.. _spare];
            _spare.Clear();
            return left;
        }
    }

    // Called under the lock. The call only queues work to the library and returns.
    private Task<QuicStream> Start()
    {
        _started++;
        credit.Take(direction);
        QuicStreamType type = direction == StreamDirection.Bidirectional ? QuicStreamType.Bidirectional : QuicStreamType.Unidirectional;
        return connection.OpenOutboundStreamAsync(type, CancellationToken.None).AsTask();
    }

    private async Task DeliverAsync(Task<QuicStream> opening, bool mustWait)
    {
        QuicStream? stream = null;
        Exception? failure = null;
        try
        {
            stream = await opening.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        TaskCompletionSource<QuicStream>? waiter = null;
        bool isLate = false;
        lock (_lock)
        {
            _opening--;
            if (stream is not null && _failure is not null)
            {
                isLate = true;
            }
            else if (_waiters.First is LinkedListNode<TaskCompletionSource<QuicStream>> first)
            {
                _waiters.Remove(first);
                waiter = first.Value;
            }
            else if (stream is not null)
            {
                _spare.Enqueue(stream);
            }
        }

        if (isLate)
        {
            await stream!.DisposeAsync().ConfigureAwait(false);
        }
        else if (failure is not null)
        {
            waiter?.TrySetException(failure);
        }
        else
        {
            waiter?.TrySetResult(stream!);
            if (mustWait)
            {
                creditArrived(direction);
            }
        }
    }

    private void GiveUp(LinkedListNode<TaskCompletionSource<QuicStream>> node, CancellationToken token)
    {
        lock (_lock)
        {
            if (node.List is null)
            {
                return;
            }

            _waiters.Remove(node);
        }

        node.Value.TrySetCanceled(token);
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw _failure;
        }
    }
}
