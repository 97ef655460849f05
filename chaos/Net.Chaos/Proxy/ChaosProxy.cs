using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Net.Chaos.Tcp;
using Net.Chaos.Udp;

namespace Net.Chaos.Proxy;

/// <summary>A proxy with toxics between clients and a server. Use it in a test's own process, or behind the HTTP API.</summary>
/// <remarks>
/// <code>
/// await using var proxy = new ChaosProxy(new ChaosProxyOptions { Name = "db", Upstream = "127.0.0.1:4433", Protocol = ProxyProtocol.Udp }, new ChaosEnvironment { Seed = 7 });
/// await proxy.StartAsync();
/// await proxy.AddToxicAsync(new ToxicOptions { Type = "loss", Attributes = new() { ["probability"] = 0.05 } });
/// // connect to proxy.EndPoint
/// </code>
/// All members may be called from any thread. A change has taken effect when its task completes.
/// </remarks>
public sealed class ChaosProxy : IAsyncDisposable
{
    // A test that adds toxics under ever new names must not grow the metrics without end.
    private const int MaxRemembered = 1000;

    private readonly ChaosEnvironment _environment;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _changing = new(1);
    private readonly ConcurrentDictionary<(string Name, string Type), FaultCounters> _faults = new();
    private volatile Toxic[] _toxics = [];
    private volatile IProxyRunner? _runner;
    private ChaosProxyOptions _options;
    private bool _isDisposed;

    /// <summary>Makes a proxy that does not listen yet.</summary>
    /// <param name="options">What it is; <see cref="ChaosProxyOptions.Enabled"/> does not matter here, <see cref="StartAsync"/> does.</param>
    /// <param name="environment">Time, chance and log; <c>null</c>: the system's time and seed 1.</param>
    /// <exception cref="ArgumentException">Lists every fault of the options.</exception>
    public ChaosProxy(ChaosProxyOptions options, ChaosEnvironment? environment = null)
        : this(options, environment ?? new ChaosEnvironment(), new ChaosClock((environment ?? new ChaosEnvironment()).TimeProvider))
    {
    }

    internal ChaosProxy(ChaosProxyOptions options, ChaosEnvironment environment, ChaosClock clock)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _environment = environment;
        _logger = environment.LoggerFactory.CreateLogger(ChaosLog.Category);
        Clock = clock;
    }

    /// <summary>Its name.</summary>
    public string Name => _options.Name;

    /// <summary>What it carries.</summary>
    public ProxyProtocol Protocol => _options.Protocol;

    /// <summary>Where it listens, as given; once it has listened, with the port that the system chose.</summary>
    public string Listen => _options.Listen;

    /// <summary>Where it passes data on to.</summary>
    public string Upstream => _options.Upstream;

    /// <summary>Whether it listens.</summary>
    public bool IsEnabled => _runner is not null;

    /// <summary>Where it listens; <c>null</c> while it is down.</summary>
    public IPEndPoint? EndPoint => _runner?.EndPoint;

    /// <summary>Its toxics: those upstream first, each direction in the order of the chain.</summary>
    public IReadOnlyList<Toxic> Toxics => [.. _toxics.OrderBy(static t => t.Stream)];

    internal ChaosClock Clock { get; }

    internal ChaosProxyOptions Options => _options;

    internal TrafficCounters Traffic { get; } = new();

    /// <summary>The counters of all toxics there are and were, so that a fault is still told when its toxic has gone.</summary>
    internal IEnumerable<KeyValuePair<(string Name, string Type), FaultCounters>> Faults => _faults;

    /// <summary>Begins to listen. Does nothing when it listens already.</summary>
    /// <exception cref="ChaosException"><see cref="ChaosError.Failed"/>: the port is taken, a name does not resolve, and so on.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            await StartCoreAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Stops listening and ends every connection and session. Its toxics stay.</summary>
    public async Task StopAsync()
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        try
        {
            await StopCoreAsync().ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Changes where it listens, where it passes on to, and whether it is up. What is <c>null</c> stays.</summary>
    /// <remarks>Another address ends the connections; a proxy that was up is up again afterwards.</remarks>
    /// <exception cref="ChaosException">An address is wrong, or the system refuses it; the proxy is then down.</exception>
    public async Task UpdateAsync(string? listen, string? upstream, bool? enabled, CancellationToken cancellationToken = default)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            bool isUp = enabled ?? IsEnabled;
            bool isSameListen = listen is null || await ListensOnAsync(listen, cancellationToken).ConfigureAwait(false);
            ChaosProxyOptions changed = _options with { Listen = isSameListen ? Listen : listen!, Upstream = upstream ?? Upstream };
            Check(changed);
            if (changed != _options)
            {
                await StopCoreAsync().ConfigureAwait(false);
                _options = changed;
            }

            if (isUp)
            {
                await StartCoreAsync(cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await StopCoreAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Adds a toxic at the end of the chain; it acts on connections that are there, too.</summary>
    /// <returns>The toxic, whose counters stay valid.</returns>
    /// <exception cref="ChaosException">There is no such type, an attribute is wrong, or the name is taken.</exception>
    public Task<Toxic> AddToxicAsync(ToxicOptions toxic)
    {
        ArgumentNullException.ThrowIfNull(toxic);
        JsonElement? attributes = toxic.Attributes is null ? null : JsonSerializer.SerializeToElement(toxic.Attributes);
        return AddToxicAsync(toxic.Type, toxic.Name, toxic.Stream, toxic.Toxicity, attributes);
    }

    /// <summary>Changes attributes or the toxicity of a toxic; what is not given stays.</summary>
    /// <exception cref="ChaosException">There is no such toxic, or an attribute is wrong.</exception>
    public Task<Toxic> UpdateToxicAsync(string name, System.Text.Json.Nodes.JsonObject? attributes, float? toxicity = null) =>
        UpdateToxicAsync(name, attributes is null ? null : JsonSerializer.SerializeToElement(attributes), toxicity);

    /// <summary>Removes a toxic. What it holds back is delivered first.</summary>
    /// <exception cref="ChaosException">There is no such toxic.</exception>
    public async Task RemoveToxicAsync(string name)
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        try
        {
            Toxic toxic = FindToxic(name);
            _toxics = [.. _toxics.Where(t => t != toxic)];
            await (_runner?.RemoveAsync(name) ?? Task.CompletedTask).ConfigureAwait(false);
            ChaosLog.ToxicRemoved(_logger, Name, name);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Removes all toxics.</summary>
    public async Task ClearToxicsAsync()
    {
        foreach (Toxic toxic in _toxics)
        {
            try
            {
                await RemoveToxicAsync(toxic.Name).ConfigureAwait(false);
            }
            catch (ChaosException exception) when (exception.Error == ChaosError.NotFound)
            {
                // Someone else has removed it.
            }
        }
    }

    /// <summary>Gives every UDP session another source port, or address, towards the server, as a NAT does that has forgotten its mappings.</summary>
    /// <param name="source">The address; <c>null</c>: the same as before.</param>
    /// <returns>How many sessions got one.</returns>
    public Task<int> RebindAsync(IPAddress? source = null) => _runner?.RebindAsync(source) ?? Task.FromResult(0);

    /// <summary>The connections or sessions there are now.</summary>
    public Task<IReadOnlyList<SessionView>> ListSessionsAsync() => _runner?.ListSessionsAsync() ?? Task.FromResult<IReadOnlyList<SessionView>>([]);

    /// <summary>Finds a toxic.</summary>
    /// <exception cref="ChaosException">There is none of that name.</exception>
    public Toxic FindToxic(string name) => Array.Find(_toxics, t => t.Name == name) ?? throw ChaosException.ToxicNotFound();

    /// <summary>Takes the proxy down for good.</summary>
    public async ValueTask DisposeAsync()
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        try
        {
            _isDisposed = true;
            await StopCoreAsync().ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Whether an address is the one that the proxy has, however it is written.</summary>
    internal async Task<bool> ListensOnAsync(string listen, CancellationToken cancellationToken) =>
        listen == Listen || (await HostPort.ResolveAsync(listen, cancellationToken).ConfigureAwait(false)).ToString() == Listen;

    internal async Task<Toxic> AddToxicAsync(string type, string? name, ToxicStream stream, float toxicity, JsonElement? attributes)
    {
        name = string.IsNullOrEmpty(name) ? $"{type}_{StreamNames.Of(stream)}" : name;
        if (PlainText.IsUnsafe(name))
        {
            throw ChaosException.BadBody($"the name '{PlainText.Clean(name)}' holds control characters");
        }

        ToxicType found = ToxicTypes.Find(type, Protocol);
        await _changing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (Array.Exists(_toxics, t => t.Name == name))
            {
                throw ChaosException.ToxicExists();
            }

            var toxic = new Toxic(found, name, stream, toxicity, new ToxicAttributes(found.Attributes).With(attributes, found.IsClassic), Clock.Now);
            Remember(toxic);
            _toxics = [.. _toxics, toxic];
            await (_runner?.AddAsync(toxic) ?? Task.CompletedTask).ConfigureAwait(false);
            ChaosLog.ToxicAdded(_logger, Name, name, type);
            return toxic;
        }
        finally
        {
            _changing.Release();
        }
    }

    internal async Task<Toxic> UpdateToxicAsync(string name, JsonElement? attributes, float? toxicity)
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        try
        {
            Toxic before = FindToxic(name);
            Toxic toxic = before.Update(attributes, toxicity);
            _toxics = [.. _toxics.Select(t => t == before ? toxic : t)];
            await (_runner?.UpdateAsync(toxic) ?? Task.CompletedTask).ConfigureAwait(false);
            return toxic;
        }
        finally
        {
            _changing.Release();
        }
    }

    private static void Check(ChaosProxyOptions options)
    {
        try
        {
            options.Validate();
        }
        catch (ArgumentException exception)
        {
            throw ChaosException.BadBody(exception.Message);
        }
    }

    private void Remember(Toxic toxic)
    {
        if (_faults.Count >= MaxRemembered)
        {
            foreach ((string Name, string Type) gone in _faults.Keys.Where(k => !Array.Exists(_toxics, t => t.Name == k.Name)))
            {
                _faults.TryRemove(gone, out _);
            }
        }

        if (_faults.TryGetValue((toxic.Name, toxic.Type), out FaultCounters? earlier))
        {
            toxic.Faults.Continue(earlier);
        }

        _faults[(toxic.Name, toxic.Type)] = toxic.Faults;
    }

    private async Task StartCoreAsync(CancellationToken cancellationToken)
    {
        if (_runner is not null)
        {
            return;
        }

        _runner = Protocol == ProxyProtocol.Udp
            ? await UdpProxyRunner.StartAsync(_options, Clock, _environment.Seed, Traffic, _logger, _toxics, cancellationToken).ConfigureAwait(false)
            : await TcpProxyRunner.StartAsync(_options, Clock, _environment.Seed, Traffic, _logger, _toxics, cancellationToken).ConfigureAwait(false);

        // A proxy that goes down and up again keeps the port that it was given.
        _options = _options with { Listen = _runner.EndPoint.ToString() };
        ChaosLog.ProxyStarted(_logger, Name, Listen, Upstream);
    }

    private async Task StopCoreAsync()
    {
        if (_runner is { } runner)
        {
            _runner = null;
            await runner.DisposeAsync().ConfigureAwait(false);
            ChaosLog.ProxyStopped(_logger, Name);
        }
    }
}
