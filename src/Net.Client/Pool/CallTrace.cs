using System.Diagnostics;

namespace Net.Client;

/// <summary>How one call came to its connection: what was considered, chosen, waited for and opened. Give it with <see cref="LeaseRequest.Trace"/> to have a call explained; a call of a <see cref="CallRunner"/> puts it on the caller's span, too (<see cref="ExportTo"/>). Thread-safe.</summary>
public sealed class CallTrace
{
    /// <summary>How many steps are kept; later ones are counted in <see cref="Dropped"/>.</summary>
    public const int MaxSteps = 256;

    private readonly Lock _lock = new();
    private readonly List<CallTraceStep> _steps = [];
    private int _dropped;

    /// <summary>The steps so far, oldest first.</summary>
    public IReadOnlyList<CallTraceStep> Steps
    {
        get
        {
            lock (_lock)
            {
                return [.. _steps];
            }
        }
    }

    /// <summary>Steps that came after <see cref="MaxSteps"/>.</summary>
    public int Dropped
    {
        get
        {
            lock (_lock)
            {
                return _dropped;
            }
        }
    }

    /// <summary>Adds a step. Pool and call runner do; a face may add its own.</summary>
    /// <param name="step">The step.</param>
    public void Add(CallTraceStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        lock (_lock)
        {
            if (_steps.Count < MaxSteps)
            {
                _steps.Add(step);
            }
            else
            {
                _dropped++;
            }
        }
    }

    /// <summary>Puts the steps on a span, as the attribute <c>transport.pool.explain</c>: a line for each.</summary>
    /// <param name="activity">The span; <c>null</c> or one that records nothing is left alone.</param>
    public void ExportTo(Activity? activity)
    {
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("transport.pool.explain", Steps.Select(static s => s.ToString()).ToArray());
        }
    }

    /// <summary>The steps as lines of text.</summary>
    /// <returns>A line for each step.</returns>
    public override string ToString() => string.Join(Environment.NewLine, Steps);
}
