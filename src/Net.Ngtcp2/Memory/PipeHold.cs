using System.IO.Pipelines;

namespace Net.Ngtcp2.Memory;

/// <summary>A stream's hold on a pooled pipe: the pipe goes back when both ends are completed and no call is inside it.</summary>
/// <remarks>
/// The application may use its end at the wrong time: while another thread disposes the stream, or long after. A call therefore counts as a holder while it is inside, and finds the door closed
/// when the pipe is gone, so that it never reaches a pipe that serves another stream. A read that nothing ends keeps its pipe from the pool for ever; the garbage collector takes both.
/// A field, never a copy: it counts in place.
/// </remarks>
internal struct PipeHold(PipePool pool)
{
    // The application's end and the driver's.
    private int _holders = 2;

    /// <summary>The pipe, for whoever holds it.</summary>
    internal Pipe Pipe { get; } = pool.Rent();

    /// <summary>Counts the caller as a holder.</summary>
    /// <returns><c>false</c> when the pipe is gone.</returns>
    internal bool TryEnter()
    {
        int holders = Volatile.Read(ref _holders);
        while (holders > 0)
        {
            int seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (seen == holders)
            {
                return true;
            }

            holders = seen;
        }

        return false;
    }

    /// <summary>Ends what <see cref="TryEnter"/> began, or lets go of an end that was just completed, once for each end.</summary>
    internal void Exit()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            pool.Return(Pipe);
        }
    }
}
