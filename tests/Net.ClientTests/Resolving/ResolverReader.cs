using System.Collections.Immutable;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Resolving;

/// <summary>Enumerates a resolver and writes its lists as text.</summary>
internal sealed class ResolverReader : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly IAsyncEnumerator<ImmutableArray<ChannelEndPoint>> _lists;
    private Task<bool>? _next;

    internal ResolverReader(EndPointResolver resolver) => _lists = resolver.ResolveAsync(_stopping.Token).GetAsyncEnumerator();

    internal ImmutableArray<ChannelEndPoint> Current => _lists.Current;

    /// <summary>Completes with the next list.</summary>
    internal Task Ready
    {
        get
        {
            Begin();
            return _next!;
        }
    }

    /// <summary>Whether the next list is there already.</summary>
    internal bool HasNext
    {
        get
        {
            Begin();
            return _next!.IsCompleted;
        }
    }

    /// <summary>Begins to wait for the next list, which is what makes the resolver go on.</summary>
    internal void Begin() => _next ??= _lists.MoveNextAsync().AsTask();

    internal async Task<string> NextAsync()
    {
        Begin();
        await _next!.WithTimeout();
        _next = null;
        return string.Join(", ", Current);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_next is not null)
        {
            await _next.ContinueWith(static _ => { }, TaskScheduler.Default).WithTimeout();
        }

        await _lists.DisposeAsync();
        _stopping.Dispose();
    }
}
