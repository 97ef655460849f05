using System.Collections.Concurrent;

namespace Net.Chaos.Proxy;

/// <summary>The proxies of a process, by name, with one clock and one seed. All members may be called from any thread.</summary>
public sealed class ChaosProxySet : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ChaosProxy> _proxies = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _changing = new(1);
    private readonly ChaosClock _clock;

    /// <summary>Makes an empty set.</summary>
    /// <param name="environment">Time, chance and log of all its proxies; <c>null</c>: the system's time and seed 1.</param>
    public ChaosProxySet(ChaosEnvironment? environment = null)
    {
        Environment = environment ?? new ChaosEnvironment();
        _clock = new ChaosClock(Environment.TimeProvider);
    }

    /// <summary>Time, chance and log of all proxies.</summary>
    public ChaosEnvironment Environment { get; }

    /// <summary>All proxies, by name.</summary>
    public IReadOnlyList<ChaosProxy> All => [.. _proxies.Values.OrderBy(static p => p.Name, StringComparer.Ordinal)];

    /// <summary>Finds a proxy.</summary>
    /// <exception cref="ChaosException"><see cref="ChaosError.NotFound"/>.</exception>
    public ChaosProxy Find(string name) => _proxies.TryGetValue(name, out ChaosProxy? proxy) ? proxy : throw ChaosException.ProxyNotFound();

    /// <summary>Adds a proxy, and starts it when it is enabled.</summary>
    /// <returns>The proxy, which belongs to the set.</returns>
    /// <exception cref="ChaosException">The name is taken, an address is wrong, or the system refuses it; nothing was added.</exception>
    public async Task<ChaosProxy> AddAsync(ChaosProxyOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _proxies.ContainsKey(options.Name) ? throw ChaosException.ProxyExists() : await AddCoreAsync(options, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Adds proxies. One of the same name is replaced, unless it is the same already, which keeps its connections and toxics.</summary>
    /// <param name="proxies">What is to be there.</param>
    /// <param name="done">Takes each proxy as it is done: those before a failure stay.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ChaosException">An address is wrong, or the system refuses it.</exception>
    public async Task PopulateAsync(IEnumerable<ChaosProxyOptions> proxies, ICollection<ChaosProxy> done, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(proxies);
        ArgumentNullException.ThrowIfNull(done);
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (ChaosProxyOptions options in proxies)
            {
                if (_proxies.TryGetValue(options.Name, out ChaosProxy? existing))
                {
                    if (existing.Upstream == options.Upstream && existing.Protocol == options.Protocol && await existing.ListensOnAsync(options.Listen, cancellationToken).ConfigureAwait(false))
                    {
                        done.Add(existing);
                        continue;
                    }

                    // Its port may be the new one's, too. Should that one not start, this one stays in the list, down.
                    await existing.StopAsync().ConfigureAwait(false);
                }

                done.Add(await AddCoreAsync(options, cancellationToken).ConfigureAwait(false));
                if (existing is not null)
                {
                    await existing.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Takes a proxy down and removes it.</summary>
    /// <exception cref="ChaosException">There is none of that name.</exception>
    public async Task RemoveAsync(string name)
    {
        if (!_proxies.TryRemove(name, out ChaosProxy? proxy))
        {
            throw ChaosException.ProxyNotFound();
        }

        await proxy.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Starts every proxy and removes every toxic.</summary>
    /// <exception cref="ChaosException">A proxy does not start; those before it are done.</exception>
    public async Task ResetAsync(CancellationToken cancellationToken = default)
    {
        foreach (ChaosProxy proxy in All)
        {
            await proxy.StartAsync(cancellationToken).ConfigureAwait(false);
            await proxy.ClearToxicsAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Takes all proxies down.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (ChaosProxy proxy in All)
        {
            _proxies.TryRemove(proxy.Name, out _);
            await proxy.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<ChaosProxy> AddCoreAsync(ChaosProxyOptions options, CancellationToken cancellationToken)
    {
        ChaosProxy proxy;
        try
        {
            proxy = new ChaosProxy(options, Environment, _clock);
        }
        catch (ArgumentException exception)
        {
            throw ChaosException.BadBody(exception.Message);
        }

        if (options.Enabled)
        {
            await proxy.StartAsync(cancellationToken).ConfigureAwait(false);
        }

        _proxies[options.Name] = proxy;
        return proxy;
    }
}
