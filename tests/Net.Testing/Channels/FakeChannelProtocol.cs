namespace Net.Testing;

/// <summary>A protocol that connects as the test says: at once (the default), by hand through <see cref="Pending"/>, or as <see cref="OnConnect"/> does.</summary>
public sealed class FakeChannelProtocol : ChannelProtocol
{
    private readonly Lock _lock = new();
    private readonly List<FakeConnect> _attempts = [];

    /// <summary>Makes a protocol.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="transport">What carries it.</param>
    /// <param name="fallback">Its fallback.</param>
    public FakeChannelProtocol(string name = "fake", string transport = "quic", ChannelProtocol? fallback = null)
    {
        Name = name;
        Transport = transport;
        Fallback = fallback;
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override string Transport { get; }

    /// <inheritdoc/>
    public override ChannelProtocol? Fallback { get; }

    /// <summary>Whether attempts wait for the test. Default <c>false</c>: they succeed at once.</summary>
    public bool IsManual { get; set; }

    /// <summary>Decides each attempt; comes before <see cref="IsManual"/>. <c>null</c> as its answer: as without it.</summary>
    public Func<FakeConnect, ValueTask<ChannelSession>?>? OnConnect { get; set; }

    /// <summary>Streams at once on each new session. Default 100.</summary>
    public int MaxStreams { get; set; } = 100;

    /// <summary>The path of each new session.</summary>
    public PathStatistics Path { get; set; }

    /// <summary>All attempts, oldest first.</summary>
    public IReadOnlyList<FakeConnect> Attempts
    {
        get
        {
            lock (_lock)
            {
                return [.. _attempts];
            }
        }
    }

    /// <summary>The attempts that nothing has become of yet, oldest first.</summary>
    public IReadOnlyList<FakeConnect> Pending => [.. Attempts.Where(static a => !a.Task.IsCompleted)];

    /// <summary>The sessions that came about, oldest first.</summary>
    public IReadOnlyList<FakeChannelSession> Sessions => [.. Attempts.Where(static a => a.Task.IsCompletedSuccessfully).Select(static a => (FakeChannelSession)a.Task.Result)];

    /// <inheritdoc/>
    public override ValueTask<ChannelSession> ConnectAsync(ChannelConnectContext context, CancellationToken cancellationToken)
    {
        var attempt = new FakeConnect(this, context, cancellationToken);
        lock (_lock)
        {
            _attempts.Add(attempt);
        }

        try
        {
            if (OnConnect?.Invoke(attempt) is { } answer)
            {
                return answer;
            }
        }
        catch (Exception exception)
        {
            attempt.Fail(exception);
            throw;
        }

        if (!IsManual)
        {
            attempt.Succeed();
        }

        return new ValueTask<ChannelSession>(attempt.Task);
    }
}
