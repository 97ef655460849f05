namespace Net.Hosting.Watching;

/// <summary>What the person at the terminal chose to see.</summary>
internal sealed record TopView
{
    internal TopOrder Order { get; init; }

    internal bool IsReversed { get; init; }

    internal bool ShowsConnections { get; init; }

    /// <summary>Takes a key.</summary>
    /// <returns>The view after it; <c>null</c>: the key ends the program.</returns>
    internal TopView? Press(ConsoleKeyInfo key) => key switch
    {
        { Key: ConsoleKey.Escape } or { KeyChar: 'q' or 'Q' or '\u0003' } => null,
        { KeyChar: 'a' } => SortBy(TopOrder.Added),
        { KeyChar: 'n' } => SortBy(TopOrder.Name),
        { KeyChar: 'h' } => SortBy(TopOrder.Health),
        { KeyChar: 't' } => SortBy(TopOrder.Rtt),
        { KeyChar: 'l' } => SortBy(TopOrder.Loss),
        { KeyChar: 'f' } => SortBy(TopOrder.InFlight),
        { KeyChar: 'r' } => SortBy(TopOrder.Rate),
        { KeyChar: 'c' } => this with { ShowsConnections = !ShowsConnections },
        _ => this,
    };

    /// <summary>Sorts; figures begin with the highest, and what is not known goes last either way.</summary>
    internal IEnumerable<TopEndPoint> Sort(IReadOnlyList<TopEndPoint> endPoints) => Order switch
    {
        TopOrder.Added => IsReversed ? endPoints.Reverse() : endPoints,
        TopOrder.Name => IsReversed ? endPoints.OrderByDescending(static e => e.Address, StringComparer.Ordinal) : endPoints.OrderBy(static e => e.Address, StringComparer.Ordinal),
        TopOrder.Health => By(endPoints, static e => (double)e.Health),
        TopOrder.Rtt => By(endPoints, static e => e.RttMilliseconds),
        TopOrder.Loss => By(endPoints, static e => e.LossPercent),
        TopOrder.InFlight => By(endPoints, static e => e.InFlight),
        _ => By(endPoints, static e => e.CallsPerSecond),
    };

    private IEnumerable<TopEndPoint> By(IReadOnlyList<TopEndPoint> endPoints, Func<TopEndPoint, double?> figure) =>
        endPoints.OrderBy(e => figure(e) is null).ThenBy(e => IsReversed ? figure(e) : -figure(e));

    // The same key again turns the order around.
    private TopView SortBy(TopOrder order) => this with { Order = order, IsReversed = order == Order && !IsReversed };
}
