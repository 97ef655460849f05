namespace Net.Chaos.Proxy;

/// <summary>What a stage of a toxic gets for one connection or session: chance of its own, and whether the toxic acts on it at all.</summary>
internal sealed class StageContext
{
    private readonly Toxic _toxic;
    private readonly ChaosClock _clock;
    private readonly bool _isChosen;

    /// <summary>Decides for a connection or session.</summary>
    /// <param name="toxic">The toxic.</param>
    /// <param name="stream">The direction of this stage.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="proxy">The proxy's name.</param>
    /// <param name="session">The number of the connection or session in its proxy.</param>
    internal StageContext(Toxic toxic, ToxicStream stream, ChaosClock clock, ulong seed, string proxy, long session)
    {
        _toxic = toxic;
        _clock = clock;
        Stream = stream;
        Random = new FaultRandom(FaultRandom.Split(seed, proxy, toxic.Name, session, toxic.Revision, (int)stream));

        // Without the direction: a toxic that meets both acts on both or on none.
        _isChosen = new FaultRandom(FaultRandom.Split(seed, proxy, toxic.Name, session, toxic.Revision)).NextDouble() < toxic.Toxicity;
    }

    internal ToxicStream Stream { get; }

    internal FaultRandom Random { get; }

    internal TimeSpan Now => _clock.Now;

    /// <summary>Whether the toxic acts on this connection or session now.</summary>
    internal bool IsActive => _isChosen && _toxic.IsActive(_clock.Now);

    /// <summary>How long until the schedule lets the toxic act again; <c>null</c> when never or when it acts now.</summary>
    internal TimeSpan? NextStart => !_isChosen || _toxic.Schedule.NextStart(_clock.Now - _toxic.AddedAt) is not { } age ? null : age + _toxic.AddedAt;

    internal void Count(FaultKind kind, long count = 1) => _toxic.Faults.Add(Stream, kind, count);
}
