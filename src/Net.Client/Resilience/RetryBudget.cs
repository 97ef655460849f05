namespace Net.Client;

/// <summary>
/// Keeps retries and hedges from making an outage worse: one for all calls of a channel (gRPC proposal A6, throttling). Each failure takes a token, each success gives a part of one back,
/// and nothing is sent again while half or fewer are left. Thread-safe, without a lock, without allocation.
/// </summary>
public sealed class RetryBudget
{
    private const int Scale = 1000;
    private readonly int _max;
    private readonly int _gain;
    private int _tokens;

    /// <summary>Makes a full budget.</summary>
    /// <param name="options">Its size; <c>null</c>: the defaults.</param>
    /// <exception cref="ArgumentException">The options are out of range.</exception>
    public RetryBudget(RetryBudgetOptions? options = null)
    {
        options ??= RetryBudgetOptions.Default;
        options.Validate();
        _max = options.MaxTokens * Scale;
        _gain = (int)Math.Round(options.TokenRatio * Scale);
        _tokens = _max;
    }

    /// <summary>Tokens left.</summary>
    public double Tokens => (double)Volatile.Read(ref _tokens) / Scale;

    /// <summary>Whether calls may be sent again.</summary>
    public bool AllowsRetry => Volatile.Read(ref _tokens) > _max / 2;

    /// <summary>Counts a call that succeeded.</summary>
    public void RecordSuccess()
    {
        // A full budget is only read, which is what every call of a healthy channel does.
        int tokens = Volatile.Read(ref _tokens);
        while (tokens < _max)
        {
            int before = Interlocked.CompareExchange(ref _tokens, Math.Min(_max, tokens + _gain), tokens);
            if (before == tokens)
            {
                return;
            }

            tokens = before;
        }
    }

    /// <summary>Counts an attempt that failed.</summary>
    /// <returns>Whether calls may still be sent again.</returns>
    public bool RecordFailure()
    {
        int tokens = Volatile.Read(ref _tokens);
        while (true)
        {
            int left = Math.Max(0, tokens - Scale);
            int before = Interlocked.CompareExchange(ref _tokens, left, tokens);
            if (before == tokens)
            {
                return left > _max / 2;
            }

            tokens = before;
        }
    }
}
