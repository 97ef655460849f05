using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Net.Client;

/// <summary>A list that never changes.</summary>
public sealed class StaticResolver : EndPointResolver
{
    private readonly ImmutableArray<ChannelEndPoint> _endPoints;

    /// <summary>Makes a resolver.</summary>
    /// <param name="endPoints">One or more end points, no two in one place.</param>
    /// <exception cref="ArgumentException">There is none, two are in one place, or a value is out of range.</exception>
    public StaticResolver(params IEnumerable<ChannelEndPoint> endPoints)
    {
        ArgumentNullException.ThrowIfNull(endPoints);
        _endPoints = [.. endPoints];
        var faults = new OptionFaults(nameof(StaticResolver));
        Internal.EndPointLists.AddFaults(faults, nameof(endPoints), _endPoints);
        faults.ThrowIfAny();
    }

    /// <inheritdoc/>
    public override string Name => "static";

    /// <inheritdoc/>
    public override async IAsyncEnumerable<ImmutableArray<ChannelEndPoint>> ResolveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        yield return _endPoints;
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await never.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }
}
