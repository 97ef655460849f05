using Net.Ngtcp2.Streams;

namespace Net.Ngtcp2.Driver;

/// <summary>The streams of a connection that have something to send, by urgency; incremental ones take turns within theirs (RFC 9218, section 4).</summary>
internal sealed class SendLine
{
    private const int Levels = 8;
    private readonly Ngtcp2Stream?[] _heads = new Ngtcp2Stream?[Levels];
    private readonly Ngtcp2Stream?[] _tails = new Ngtcp2Stream?[Levels];
    private int _occupied;

    internal bool IsEmpty => _occupied == 0;

    /// <summary>Puts a stream at the end of its urgency's line; nothing happens when it stands in one.</summary>
    internal void Enqueue(Ngtcp2Stream stream)
    {
        if (stream.IsInLine)
        {
            return;
        }

        int level = stream.Urgency;
        stream.IsInLine = true;
        stream.LineLevel = level;
        stream.NextInLine = null;
        if (_tails[level] is { } tail)
        {
            tail.NextInLine = stream;
        }
        else
        {
            _heads[level] = stream;
            _occupied |= 1 << level;
        }

        _tails[level] = stream;
    }

    /// <summary>Takes the first stream of the most urgent line out.</summary>
    internal Ngtcp2Stream? Dequeue()
    {
        if (_occupied == 0)
        {
            return null;
        }

        int level = System.Numerics.BitOperations.TrailingZeroCount(_occupied);
        Ngtcp2Stream stream = _heads[level]!;
        _heads[level] = stream.NextInLine;
        if (stream.NextInLine is null)
        {
            _tails[level] = null;
            _occupied &= ~(1 << level);
        }

        stream.NextInLine = null;
        stream.IsInLine = false;
        return stream;
    }

    /// <summary>Puts a stream back to the front of its urgency's line.</summary>
    internal void PutBack(Ngtcp2Stream stream)
    {
        int level = stream.Urgency;
        stream.IsInLine = true;
        stream.LineLevel = level;
        stream.NextInLine = _heads[level];
        _heads[level] = stream;
        _tails[level] ??= stream;
        _occupied |= 1 << level;
    }

    /// <summary>Moves a stream that stands in a line to the end of the line of its urgency, which has changed.</summary>
    internal void Move(Ngtcp2Stream stream)
    {
        int level = stream.LineLevel;
        if (level == stream.Urgency)
        {
            return;
        }

        Ngtcp2Stream? before = null;
        for (Ngtcp2Stream? other = _heads[level]; !ReferenceEquals(other, stream); other = other.NextInLine)
        {
            before = other ?? throw new InvalidOperationException($"Stream {stream.Id} does not stand in line {level}.");
        }

        if (before is null)
        {
            _heads[level] = stream.NextInLine;
        }
        else
        {
            before.NextInLine = stream.NextInLine;
        }

        if (stream.NextInLine is null)
        {
            _tails[level] = before;
        }

        if (_heads[level] is null)
        {
            _occupied &= ~(1 << level);
        }

        stream.IsInLine = false;
        Enqueue(stream);
    }
}
