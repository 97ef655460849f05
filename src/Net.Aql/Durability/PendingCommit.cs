namespace Net.Aql;

/// <summary>A commit that waits for the disk.</summary>
/// <param name="State">The state it leads to.</param>
/// <param name="Bytes">What it counts towards <see cref="AqlLimits.MaxPendingBytes"/>.</param>
internal sealed record PendingCommit(StoreState State, long Bytes)
{
    private readonly TaskCompletionSource _durable = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task Durable => _durable.Task;

    internal void Settle(AqlException? failure)
    {
        if (failure is null)
        {
            _durable.TrySetResult();
            return;
        }

        _durable.TrySetException(failure);
        // A caller whose time was over has stopped waiting; its failure is then nobody's.
        _ = _durable.Task.Exception;
    }
}
