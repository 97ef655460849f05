using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Net.Client.Internal;

/// <summary>Gives candidates their turns in a fixed order, over and over.</summary>
internal sealed class CyclicPicker : EndPointPicker
{
    private readonly int[] _turns;
    private readonly double[] _weights;
    private readonly WarmthScale _warmth;
    private Cursor _cursor;

    /// <param name="candidates">The candidates.</param>
    /// <param name="turns">Their indexes in the order of their turns.</param>
    /// <param name="start">Where to begin, drawn at random, so that channels that start together do not all call the same end point first.</param>
    internal CyclicPicker(ImmutableArray<PickCandidate> candidates, int[] turns, int start)
        : base(candidates)
    {
        _turns = turns;
        _warmth = new WarmthScale(candidates);
        _cursor.Next = (uint)start;
        _weights = new double[candidates.Length];
        foreach (int turn in turns)
        {
            _weights[turn]++;
        }
    }

    public override PickResult Pick(in PickContext context)
    {
        double warmest = _warmth.Largest(context.Now);
        int index = Next();
        return warmest == 0 && !context.IsAvoided(index) ? PickResult.Connect(index) : PickOn(index, warmest, context);
    }

    public override double Score(int index, long now) => 1 / (_weights[index] * Candidates[index].GetWarmth(now));

    // Whoever must not or, being cold, shall not have its turn loses it, and the next turn is taken: the calls so spread over all others and not on the neighbour alone.
    private PickResult PickOn(int index, double warmest, in PickContext context)
    {
        for (int i = 0; i < 2 * _turns.Length; i++)
        {
            if (!context.IsAvoided(index) && (warmest == 0 || _warmth.IsAdmitted(index, context.Entropy + ((ulong)i << 32), context.Now, warmest)))
            {
                return PickResult.Connect(index);
            }

            index = Next();
        }

        // Other callers may have taken just the turns that were wanted.
        return Fallback.PickAny(Candidates.Length, context);
    }

    private int Next() => _turns[(int)(Interlocked.Increment(ref _cursor.Next) % (uint)_turns.Length)];

    // Every pick writes it; the fields that every pick reads must not share its cache line.
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Cursor
    {
        [FieldOffset(64)]
        internal uint Next;
    }
}
