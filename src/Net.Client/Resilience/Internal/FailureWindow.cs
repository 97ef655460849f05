namespace Net.Client;

/// <summary>Answers and failures of the last tenth-steps of a window, counted without a lock.</summary>
/// <remarks>
/// A slice holds the number of its step above its count, in one word: who finds an old step there puts the new one in its place. A thread that stood still for a whole window
/// between reading and counting counts into a step that is not its own; nothing else can go wrong.
/// </remarks>
internal sealed class FailureWindow
{
    internal const int Slices = 10;

    private const int CountBits = 32;
    private readonly long[] _answers = new long[Slices];
    private readonly long[] _failures = new long[Slices];
    private readonly long _origin;
    private readonly long _sliceLength;

    internal FailureWindow(long origin, long length)
    {
        _origin = origin;
        _sliceLength = Math.Max(1, length / Slices);
    }

    internal void AddAnswer(long now) => Add(_answers, now);

    internal void AddFailure(long now) => Add(_failures, now);

    /// <summary>Sums up the steps that the window still covers.</summary>
    internal (long Calls, long Failures) Read(long now)
    {
        long current = StepOf(now);
        long answers = Sum(_answers, current);
        long failures = Sum(_failures, current);
        return (answers + failures, failures);
    }

    internal void Clear()
    {
        for (int i = 0; i < Slices; i++)
        {
            Volatile.Write(ref _answers[i], 0);
            Volatile.Write(ref _failures[i], 0);
        }
    }

    // Steps begin at 1, so that an empty slice is of no step.
    private long StepOf(long now) => (Math.Max(0, now - _origin) / _sliceLength) + 1;

    private void Add(long[] slices, long now)
    {
        long step = StepOf(now);
        ref long slice = ref slices[step % Slices];
        while (true)
        {
            long word = Volatile.Read(ref slice);
            if (word >>> CountBits == (step & uint.MaxValue))
            {
                Interlocked.Increment(ref slice);
                return;
            }

            if (Interlocked.CompareExchange(ref slice, (step << CountBits) | 1, word) == word)
            {
                return;
            }
        }
    }

    private static long Sum(long[] slices, long current)
    {
        long sum = 0;
        for (int i = 0; i < Slices; i++)
        {
            long word = Volatile.Read(ref slices[i]);
            uint age = (uint)current - (uint)(word >>> CountBits);
            if (word != 0 && age < Slices)
            {
                sum += word & uint.MaxValue;
            }
        }

        return sum;
    }
}
