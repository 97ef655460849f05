using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Net.Client;

namespace Net.Channels;

/// <summary>Brings what a resolver finds into a pool, and asks it anew when an end point cannot be connected to.</summary>
internal sealed class ResolverLoop : IAsyncDisposable
{
    private readonly EndPointResolver _resolver;
    private readonly NetChannel _pool;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;

    internal ResolverLoop(EndPointResolver resolver, NetChannel pool, ILogger logger)
    {
        _resolver = resolver;
        _pool = pool;
        _logger = logger;
        pool.Changed += OnChanged;
        _loop = Task.Run(RunAsync);
    }

    public async ValueTask DisposeAsync()
    {
        _pool.Changed -= OnChanged;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach (ImmutableArray<ChannelEndPoint> found in _resolver.ResolveAsync(_stopping.Token).ConfigureAwait(false))
            {
                _pool.SetEndPoints(found);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The channel is closing.
        }
#pragma warning disable CA1031 // A resolver that somebody wrote may fail in any way; the end points that are known go on, and the log says why no others come.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            ChannelLog.ResolvingEnded(_logger, _resolver.Name, exception);
        }
    }

    private void OnChanged(object? sender, ChannelEventArgs e)
    {
        if (e.Kind == ChannelEventKind.ConnectFailed)
        {
            _resolver.RequestRefresh();
        }
    }
}
