namespace Net.Chaos.Scenarios;

/// <summary>One kind of load that each client makes.</summary>
internal sealed record LoadPlan
{
    internal required LoadKind Kind { get; init; }

    /// <summary>Calls begun in a second, whatever became of those before. For streams: messages on each of them.</summary>
    internal double Rate { get; init; } = 100;

    /// <summary>Calls that are begun at once when the load begins, before those of <see cref="Rate"/>. Default 0. Only for calls.</summary>
    internal int Burst { get; init; }

    /// <summary>How long a call waits with the second half of its request, so that it is under way all the while. Default zero. Only for raw calls.</summary>
    internal TimeSpan Hold { get; init; }

    /// <summary>Streams that are kept open. Only for streams.</summary>
    internal int Streams { get; init; } = 10;

    /// <summary>How long a stream is kept before it is ended in order and another one takes its place; zero (the default): to the end of the load. Only for streams.</summary>
    internal TimeSpan Age { get; init; }

    /// <summary>How long after the others it begins. Default zero.</summary>
    internal TimeSpan After { get; init; }

    /// <summary>Bytes of each request or message; of the whole transfer for bulk.</summary>
    internal int Size { get; init; } = 1024;

    /// <summary>By when a call must have an outcome. Default 10 s.</summary>
    internal TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether a call may be made twice. Default <c>true</c>.</summary>
    internal bool IsIdempotent { get; init; } = true;

    /// <summary>What tells it from the others in tables: kind and place in the file.</summary>
    internal required string Name { get; init; }
}
