namespace Net.Chaos.Ledgers;

/// <summary>A long stream: how its messages came back.</summary>
internal sealed class StreamRecord
{
    internal required string Client { get; init; }

    internal required string Load { get; init; }

    internal required int Number { get; init; }

    internal long Sent { get; set; }

    /// <summary>Messages that came back, each whole, unchanged and in its place.</summary>
    internal long Received { get; set; }

    /// <summary>Messages that were missing, doubled, out of order, changed or of another stream.</summary>
    internal long Wrong { get; set; }

    /// <summary>When it broke before its time, from the start of the run; <c>null</c> when it did not.</summary>
    internal TimeSpan? BrokenAt { get; set; }

    /// <summary>Why, in words.</summary>
    internal string Detail { get; set; } = "";
}
