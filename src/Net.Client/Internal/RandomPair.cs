using System.Collections.Immutable;

namespace Net.Client.Internal;

/// <summary>Draws two different candidates at random, each as often as its weight says.</summary>
internal readonly struct RandomPair
{
    private readonly int[]? _turns;
    private readonly int _count;

    internal RandomPair(ImmutableArray<PickCandidate> candidates)
    {
        _count = candidates.Length;

        // A place of the period drawn at random is a candidate drawn by weight.
        _turns = candidates.All(c => c.Weight == candidates[0].Weight) ? null : Turns.LayOut(candidates);
    }

    /// <summary>Draws.</summary>
    /// <param name="context">The chance, and whom to leave out.</param>
    /// <param name="first">A candidate, or -1 when all are left out.</param>
    /// <param name="second">Another, or -1 when there is no other.</param>
    internal void Draw(in PickContext context, out int first, out int second)
    {
        if (_turns is null && context.Avoid.IsEmpty && _count > 1)
        {
            first = Chance.Below((uint)context.Entropy, _count);
            second = Chance.Below((uint)(context.Entropy >> 32), _count - 1);
            second += second >= first ? 1 : 0;
            return;
        }

        first = Find((uint)context.Entropy, -1, context);
        second = first < 0 ? -1 : Find((uint)(context.Entropy >> 32), first, context);
    }

    // From a random place on to the first who will do.
    private int Find(uint bits, int other, in PickContext context)
    {
        int length = _turns?.Length ?? _count;
        int place = Chance.Below(bits, length);
        for (int i = 0; i < length; i++)
        {
            int index = _turns is null ? place : _turns[place];
            if (index != other && !context.IsAvoided(index))
            {
                return index;
            }

            place = place + 1 == length ? 0 : place + 1;
        }

        return -1;
    }
}
