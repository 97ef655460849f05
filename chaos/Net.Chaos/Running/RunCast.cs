using Net.Chaos.Proxy;
using Net.Chaos.Running.Hosts;
using Net.Chaos.Scenarios;

namespace Net.Chaos.Running;

/// <summary>Everything that takes part in a run: hosts, links, clients and their files. Disposing it ends all of it.</summary>
internal sealed class RunCast : IAsyncDisposable
{
    private readonly List<IRunHost> _hosts = [];
    private readonly List<RunLink> _links = [];
    private readonly List<RunClient> _clients = [];

    private RunCast(RunFiles files, RunCertificates certificates, HandshakeProbe probe, bool hasOwnHosts)
    {
        Files = files;
        Certificates = certificates;
        Probe = probe;
        HasOwnHosts = hasOwnHosts;
    }

    internal RunFiles Files { get; }

    internal RunCertificates Certificates { get; }

    /// <summary>Makes handshakes beside those of the clients.</summary>
    internal HandshakeProbe Probe { get; }

    /// <summary>Whether the hosts are <c>net serve</c>, whose ways are known.</summary>
    internal bool HasOwnHosts { get; }

    internal IReadOnlyList<IRunHost> Hosts => _hosts;

    internal IReadOnlyList<RunLink> Links => _links;

    internal IReadOnlyList<RunClient> Clients => _clients;

    internal IRunHost Host(string name) => _hosts.First(h => h.Name == name);

    internal RunClient Client(string name) => _clients.First(c => c.Name == name);

    /// <summary>Starts hosts and proxies and makes the clients.</summary>
    /// <exception cref="RunException">Something does not start.</exception>
    internal static async Task<RunCast> StartAsync(Scenario scenario, RunOptions options, CancellationToken cancellationToken)
    {
        TransportEngine? quic = RunEngines.Create(options.Engine, options.TimeProvider);
        RunFiles files = RunFiles.Make(options.KeepDirectory, scenario.Name);
        bool hasOwnHosts = scenario.Topology is { HostCommand.Count: 0, EndPoints.Count: 0 };
        var cast = new RunCast(files, new RunCertificates(Path.Combine(files.Root, "certificates"), options.TimeProvider), new HandshakeProbe(quic, hasOwnHosts, options.TimeProvider), hasOwnHosts);
        try
        {
            await cast.StartHostsAsync(scenario.Topology, options, cancellationToken).ConfigureAwait(false);
            await cast.StartClientsAsync(scenario, options, cancellationToken).ConfigureAwait(false);
            return cast;
        }
        catch
        {
            await cast.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends all of it, also where a part cannot be ended.</summary>
    /// <exception cref="RunException">Something could not be ended or cleared away.</exception>
    public async ValueTask DisposeAsync()
    {
        var failures = new List<Exception>();
        foreach (IAsyncDisposable part in (IEnumerable<IAsyncDisposable>)[.. _clients, .. _links, .. _hosts])
        {
            await EndAsync(part, failures).ConfigureAwait(false);
        }

        await Probe.DisposeAsync().ConfigureAwait(false);
        Certificates.Dispose();
        await EndAsync(Files, failures).ConfigureAwait(false);
        if (failures.Count > 0)
        {
            throw new RunException($"What the run had started could not all be ended: {string.Join(" ", failures.Select(static f => f.Message))}", new AggregateException(failures));
        }
    }

    private static async Task EndAsync(IAsyncDisposable part, List<Exception> failures)
    {
        try
        {
            await part.DisposeAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it is, the processes that come after it must not be left behind.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failures.Add(exception);
        }
    }

    private async Task StartHostsAsync(Topology topology, RunOptions options, CancellationToken cancellationToken)
    {
        if (topology.EndPoints.Count > 0)
        {
            _hosts.AddRange(topology.HostNames.Zip(topology.EndPoints, static (name, endPoint) => new ForeignHost(name, endPoint)));
            return;
        }

        HostPlan plan = HostPlan.For(topology, options, Certificates) with { StartLimit = options.StartLimit };
        foreach (string name in topology.HostNames)
        {
            Certificates.Issue(name, isServer: true);
            string directory = await Files.MakeHostAsync(name, topology, cancellationToken).ConfigureAwait(false);
            _hosts.Add(new HostProcess(name, directory, plan, options.TimeProvider));
        }

        // Where one does not start the others need not, and waiting for them would only hold up the news.
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAll(_hosts.Select(StartAsync)).ConfigureAwait(false);

        async Task StartAsync(IRunHost host)
        {
            try
            {
                await host.StartAsync(giveUp.Token).ConfigureAwait(false);
            }
            catch
            {
                await giveUp.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    private async Task StartClientsAsync(Scenario scenario, RunOptions options, CancellationToken cancellationToken)
    {
        ulong seed = options.Seed;
        foreach (string client in scenario.Topology.ClientNames)
        {
            var links = new List<RunLink>();
            foreach (IRunHost host in _hosts)
            {
                // Each link draws its own chance, and the same one in every run with the seed.
                var environment = new ChaosEnvironment { TimeProvider = options.TimeProvider, Seed = unchecked(seed + (ulong)_links.Count + 1) };
                links.Add(await RunLink.StartAsync(client, host.Name, host.EndPoint, scenario.Topology.IsProxied ? environment : null, cancellationToken).ConfigureAwait(false));
                _links.Add(links[^1]);
            }

            Certificates.Issue(client, isServer: false);
            var identity = ClientIdentity.Open(
                client, options.Trust ?? Certificates.Authority, options.ClientCertificate ?? Certificates.ClientCertificate(client), options.ClientKey ?? Certificates.ClientKey(client),
                scenario.Client.EarlyData, Certificates.Handshakes, options.TimeProvider);
            _clients.Add(new RunClient(client, scenario.Client, scenario.Client.BalancingOf(_clients.Count), links, identity, unchecked((int)(seed + (ulong)_clients.Count)), options));
        }
    }
}
