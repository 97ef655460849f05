using System.Globalization;
using Microsoft.Extensions.Logging;
using Net.Client;
using Net.Http3;

namespace Net.Channels;

// The end of building: faults are found all at once, before anything is made.
public sealed partial class NetChannelBuilder
{
    /// <summary>Makes the channel. Nothing is connected before the first call or <see cref="ClientChannel.WarmUpAsync"/>, but for what a health check of a protocol needs.</summary>
    /// <returns>The channel, which the caller owns.</returns>
    /// <exception cref="ArgumentException">Something is missing or out of range; the message lists every fault.</exception>
    /// <exception cref="TransportException"><see cref="TransportError.EngineMissing"/>: only QUIC may be used, and no engine runs here; the message has the reason of each.</exception>
    /// <exception cref="InvalidOperationException">The channel is built already.</exception>
    public ClientChannel Build()
    {
        NetChannelOptions options = null!;
        CallPolicies policies = null!;
        Change(() =>
        {
            var faults = new OptionFaults(nameof(NetChannelBuilder));
            options = MakeOptions(faults);
            policies = Collect(faults, nameof(ForMethod), () => new CallPolicies(_policy, _methods, _prefixes)) ?? new CallPolicies();
            Collect(faults, nameof(NetChannelOptions), () => Checked(options));
            Collect(faults, nameof(AddRetry), () => Checked(_budget));
            Collect(faults, nameof(UseLimits), CheckLimits);
            faults.ThrowIfAny();
        });

        ILogger logger = options.LoggerFactory.CreateLogger<ClientChannel>();
        TransportEngine? engine = ChooseEngine(ref options, logger, out string? missing);
        _isBuilt = true;
        Http2Protocol http2 = Http2;
        var http = new Http3Protocol(_http3, http2);
        var streams = new RawStreamChannelProtocol(_headers);

        // A check of a protocol that nobody calls yet needs a connection all the same.
        var pool = new NetChannel(options with
        {
            Engine = engine,
            WarmUp = [.. options.WarmUp, .. new ChannelProtocol[] { http, streams }.Where(p => options.Health?.Probes.Any(probe => probe.Protocol == p.Name) == true)],
        });
        return new ClientChannel(new ChannelParts
        {
            Pool = pool,
            Runner = new CallRunner(pool, new CallRunnerOptions { Name = options.Name, Budget = _budget, Random = options.Random is { } random ? new Random(random.Next()) : null }),
            Policies = policies,
            Http = http,
            Http2 = http2,
            Http3Options = _http3,
            Streams = streams,
            Authority = _authority ?? (_endPoints.Count > 0 ? AuthorityOf(_endPoints[0]) : _resolvedAuthority!),
            Logger = logger,
            OwnedEngine = ReferenceEquals(engine, _engine) ? null : engine,
            MissingEngineReason = missing,
        });
    }

    private static NetChannelOptions Checked(NetChannelOptions options)
    {
        options.Validate();
        return options;
    }

    private static RetryBudgetOptions Checked(RetryBudgetOptions options)
    {
        options.Validate();
        return options;
    }

    private static T? Collect<T>(OptionFaults faults, string part, Func<T> make)
        where T : class
    {
        try
        {
            return make();
        }
        catch (ArgumentException exception)
        {
            faults.Add(part, "has faults: " + exception.Message);
            return null;
        }
    }

    /// <summary>What an end point is called when nobody says it.</summary>
    internal static Uri AuthorityOf(ChannelEndPoint endPoint)
    {
        string host = endPoint.EffectiveServerName.Contains(':', StringComparison.Ordinal) ? $"[{endPoint.EffectiveServerName}]" : endPoint.EffectiveServerName;
        return new Uri(string.Create(CultureInfo.InvariantCulture, $"https://{host}:{endPoint.Address.Port}"));
    }

    private object CheckLimits()
    {
        _http3.Validate();
        _http2.Validate();
        _headers.Validate();
        return this;
    }

    private NetChannelOptions MakeOptions(OptionFaults faults)
    {
        if (_endPoints.Count == 0 && _resolver is null)
        {
            faults.Add("EndPoints", "are none; name at least one, as https://host:port, or call UseResolver; in configuration, EndPoints or Resolver.");
        }

        if (_endPoints.Count == 0 && _resolver is not null && (_authority ?? _resolvedAuthority) is null)
        {
            faults.Add(nameof(UseAuthority), "was not called; with a resolver alone the channel does not know what its servers are called; in configuration, Authority.");
        }

        if (_source is null && _trust is null)
        {
            faults.Add(nameof(UseTrust), "was not called; a client must be able to judge servers. Call it with CertificateTrust.FromPemFile, or UseTls; in configuration, Trust.");
        }

        if (_source is not null && (_trust is not null || _identity is not null || _keepsTickets))
        {
            faults.Add(nameof(UseTls), "was called beside UseIdentity, UseTrust or UseSessionTickets; say it all in the source.");
        }

        SessionTicketStore? tickets = _tickets ?? (_keepsTickets ? new InMemorySessionTicketStore(_options.TimeProvider) : null);
        ClientTlsSource tls = _source ?? ClientTlsSource.Fixed(new ClientTlsOptions { Identity = _identity, ServerCertificatePolicy = _trust!, TicketStore = tickets });
        return _options with
        {
            EndPoints = [.. _endPoints],
            Tls = tls,
            Resolver = _resolver?.Invoke(_options),
            Health = _health is null ? null : _health with { Probes = [.. _health.Probes, .. _probes.Select(make => make(_options))] },
        };
    }

    private TransportEngine? ChooseEngine(ref NetChannelOptions options, ILogger logger, out string? missing)
    {
        missing = null;
        FallbackPolicy policy = options.Race.Policy;
        if (_engine is not null || policy == FallbackPolicy.Only)
        {
            return _engine;
        }

        TransportEngine? engine = ChannelEngines.Create(Candidates, options.LoggerFactory, options.TimeProvider, out string reasons);
        if (engine is not null)
        {
            ChannelLog.EngineChosen(logger, options.Name, engine.Name, reasons);
            return engine;
        }

        if (policy == FallbackPolicy.Exact)
        {
            throw new TransportException(TransportError.EngineMissing, $"No QUIC engine runs here, and nothing else may be used (FallbackPolicy.Exact). {reasons}");
        }

        ChannelLog.WithoutEngine(logger, options.Name, reasons);
        missing = reasons;
        options = options with { Race = options.Race with { Policy = FallbackPolicy.Only } };
        return null;
    }
}
