namespace Net.Chaos.Ledgers;

/// <summary>A line of the client's ledger: one call, from its beginning to its one outcome.</summary>
internal sealed class CallRecord
{
    private int _result;
    private int _outcomes;

    internal required UInt128 Id { get; init; }

    internal required string Client { get; init; }

    internal required string Load { get; init; }

    internal required bool IsIdempotent { get; init; }

    /// <summary>What was sent; <c>null</c> where the server's ledger holds none either.</summary>
    internal CallDigest? Request { get; init; }

    /// <summary>When it began, from the start of the run.</summary>
    internal required TimeSpan Began { get; init; }

    /// <summary>When its time is over, from the start of the run.</summary>
    internal required TimeSpan Deadline { get; init; }

    internal CallResult Result => (CallResult)Volatile.Read(ref _result);

    /// <summary>How many outcomes it was given. One is right.</summary>
    internal int Outcomes => Volatile.Read(ref _outcomes);

    /// <summary>When its outcome came.</summary>
    internal TimeSpan Ended { get; private set; }

    /// <summary>What the outcome was, in words; empty when it was a success.</summary>
    internal string Detail { get; private set; } = "";

    /// <summary>Who answered; <c>null</c> when it is not known.</summary>
    internal string? Host => Hosts.Count == 0 ? null : Hosts[^1];

    /// <summary>Who had each attempt, in their order, as far as the client tells.</summary>
    internal IReadOnlyList<string> Hosts { get; private set; } = [];

    /// <summary>Who had the attempts that failed; all of <see cref="Hosts"/> when it is not known which these were.</summary>
    internal IEnumerable<string> FailedHosts => Result == CallResult.Ok && Hosts.Count >= Attempts ? Hosts.Take(Hosts.Count - 1) : Hosts;

    /// <summary>Attempts that were made, as far as the client tells.</summary>
    internal int Attempts { get; private set; } = 1;

    /// <summary>Whether an answer came that was not the answer to this call.</summary>
    internal bool HadWrongAnswer { get; private set; }

    /// <summary>Gives it its outcome; a second one is counted and changes nothing.</summary>
    internal void End(CallResult result, TimeSpan at, string detail = "", IReadOnlyList<string>? hosts = null, int attempts = 1, bool wrongAnswer = false)
    {
        if (Interlocked.Increment(ref _outcomes) != 1)
        {
            return;
        }

        Ended = at;
        Detail = detail;
        Hosts = hosts ?? [];
        Attempts = attempts;
        HadWrongAnswer = wrongAnswer;
        Volatile.Write(ref _result, (int)result);
    }

    /// <summary>Whether it was under way at a time.</summary>
    internal bool WasInFlight(TimeSpan at) => Began <= at && (Result == CallResult.None || Ended >= at);
}
