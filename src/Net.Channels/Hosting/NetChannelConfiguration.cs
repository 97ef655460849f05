using Microsoft.Extensions.Configuration;
using Net.Client;

namespace Net.Channels;

/// <summary>Reads a channel's settings from configuration.</summary>
/// <remarks>
/// <para>Keys, all but <c>EndPoints</c> optional; times as <c>hh:mm:ss.fff</c> or <c>infinite</c>; each has the default and the range of the option it sets:</para>
/// <list type="bullet">
/// <item><c>EndPoints</c>: a list of <c>https://host:port</c>, or of sections with <c>Address</c>, <c>Weight</c>, <c>Priority</c>, <c>Zone</c>, <c>ServerName</c>.</item>
/// <item><c>Authority</c>; <c>Balancing</c>: a name that <see cref="Balancing.Parse"/> knows; <c>Fallback</c>: Prefer, Exact or Only; <c>EarlyData</c>, <c>SessionTickets</c>: true or false.</item>
/// <item><c>Trust</c>: a PEM file of authorities. <c>Identity</c>: a section with <c>Certificate</c> and <c>Key</c>, PEM files.</item>
/// <item><c>Pool</c>: <c>MinConnections</c>, <c>MaxConnections</c>, <c>MaxStreamsPerConnection</c>, <c>IdleTimeout</c>, <c>Lifetime</c>, <c>ConnectTimeout</c>, <c>KeepAliveInterval</c>, <c>TransportIdleTimeout</c>, <c>SilenceTimeout</c>, <c>MaxWaiters</c>, <c>WaitTimeout</c>.</item>
/// <item><c>Retry</c>: true, or a section with <c>MaxAttempts</c>, <c>InitialBackoff</c>, <c>Multiplier</c>, <c>MaxBackoff</c>. <c>Hedging</c>: true, or <c>MaxAttempts</c>, <c>Delay</c>. <c>Timeouts</c>: <c>PerCall</c>, <c>PerAttempt</c>.</item>
/// <item><c>CircuitBreaker</c>: true, or a section with <c>ConsecutiveFailures</c>, <c>FailureRatio</c>, <c>OpenTime</c>. <c>Health</c>: <c>Interval</c>, <c>Timeout</c>, <c>Echo</c> (a route), <c>Grpc</c> (a service, or "" for the server).</item>
/// </list>
/// </remarks>
public static class NetChannelConfiguration
{
    /// <summary>Reads a section into a builder.</summary>
    /// <param name="configuration">The section.</param>
    /// <param name="builder">The builder.</param>
    /// <exception cref="ArgumentException">A key is unknown, or a value cannot be read; the message lists every fault with its key.</exception>
    public static void Apply(IConfiguration configuration, NetChannelBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(builder);
        List<string> faults = [];
        var settings = new SettingsReader(configuration, (configuration as IConfigurationSection)?.Path ?? "", faults);
        ApplyEndPoints(settings, builder);
        ApplyTls(settings, builder);
        ApplyPool(settings, builder);
        ApplyResilience(settings, builder);
        ApplyHealth(settings, builder);
        settings.RefuseOthers();
        if (faults.Count > 0)
        {
            throw new ArgumentException("The channel's configuration has faults:" + Environment.NewLine + string.Join(Environment.NewLine, faults));
        }
    }

    private static void ApplyEndPoints(SettingsReader settings, NetChannelBuilder builder)
    {
        foreach ((SettingsReader reader, string? value) in settings.List("EndPoints"))
        {
            string address = value ?? reader.Text("Address") ?? "";
            if (address.Length == 0)
            {
                reader.Fault("Address", "is missing; write https://host:port.");
                continue;
            }

            settings.Try("EndPoints", () =>
            {
                ChannelEndPoint endPoint = ChannelEndPoint.Parse(address);
                builder.AddEndPoint(value is not null ? endPoint : endPoint with
                {
                    Weight = reader.Number("Weight", endPoint.Weight),
                    Priority = reader.Number("Priority", endPoint.Priority),
                    Zone = reader.Text("Zone"),
                    ServerName = reader.Text("ServerName") ?? endPoint.ServerName,
                });
            });
            if (value is null)
            {
                reader.RefuseOthers();
            }
        }

        if (settings.Text("Authority") is { Length: > 0 } authority)
        {
            settings.Try("Authority", () => builder.UseAuthority(new Uri(authority)));
        }

        if (settings.Text("Balancing") is { Length: > 0 } balancing)
        {
            settings.Try("Balancing", () => builder.UseBalancing(Balancing.Parse(balancing)));
        }

        builder.UseFallback(settings.Choice("Fallback", FallbackPolicy.Prefer));
    }

    private static void ApplyTls(SettingsReader settings, NetChannelBuilder builder)
    {
        if (settings.Text("Trust") is { Length: > 0 } trust)
        {
            settings.Try("Trust", () => builder.UseTrust(CertificateTrust.FromPemFile(trust)));
        }

        if (settings.Has("Identity"))
        {
            SettingsReader identity = settings.Part("Identity");
            string? certificate = identity.Text("Certificate");
            string? key = identity.Text("Key");
            identity.RefuseOthers();
            if (certificate is null || key is null)
            {
                settings.Fault("Identity", "must name both Certificate and Key, PEM files.");
            }
            else
            {
                settings.Try("Identity", () => builder.UseIdentity(TlsIdentity.FromPemFiles(certificate, key)));
            }
        }

        if (settings.Flag("SessionTickets", false))
        {
            builder.UseSessionTickets();
        }

        if (settings.Flag("EarlyData", false))
        {
            builder.UseEarlyData();
        }
    }

    private static void ApplyPool(SettingsReader settings, NetChannelBuilder builder)
    {
        if (!settings.Has("Pool"))
        {
            return;
        }

        SettingsReader pool = settings.Part("Pool");
        PoolOptions known = PoolOptions.Default;
        builder.UsePool(known with
        {
            MinConnections = pool.Number(nameof(known.MinConnections), known.MinConnections),
            MaxConnections = pool.Number(nameof(known.MaxConnections), known.MaxConnections),
            MaxStreamsPerConnection = pool.Number(nameof(known.MaxStreamsPerConnection), known.MaxStreamsPerConnection),
            IdleTimeout = pool.Time(nameof(known.IdleTimeout), known.IdleTimeout),
            Lifetime = pool.Time(nameof(known.Lifetime), known.Lifetime),
            ConnectTimeout = pool.Time(nameof(known.ConnectTimeout), known.ConnectTimeout),
            KeepAliveInterval = pool.Time(nameof(known.KeepAliveInterval), known.KeepAliveInterval),
            TransportIdleTimeout = pool.Time(nameof(known.TransportIdleTimeout), known.TransportIdleTimeout),
            SilenceTimeout = pool.Time(nameof(known.SilenceTimeout), known.SilenceTimeout),
            MaxWaiters = pool.Number(nameof(known.MaxWaiters), known.MaxWaiters),
            WaitTimeout = pool.Time(nameof(known.WaitTimeout), known.WaitTimeout),
        });
        pool.RefuseOthers();
    }

    private static void ApplyResilience(SettingsReader settings, NetChannelBuilder builder)
    {
        if (Part(settings, "Retry") is { } retry)
        {
            RetryOptions known = RetryOptions.Default;
            builder.AddRetry(known with
            {
                MaxAttempts = retry.Number(nameof(known.MaxAttempts), known.MaxAttempts),
                InitialBackoff = retry.Time(nameof(known.InitialBackoff), known.InitialBackoff),
                Multiplier = retry.Ratio(nameof(known.Multiplier), known.Multiplier),
                MaxBackoff = retry.Time(nameof(known.MaxBackoff), known.MaxBackoff),
            });
            retry.RefuseOthers();
        }

        if (Part(settings, "Hedging") is { } hedging)
        {
            HedgingOptions known = HedgingOptions.Default;
            builder.AddHedging(known with
            {
                MaxAttempts = hedging.Number(nameof(known.MaxAttempts), known.MaxAttempts),
                Delay = hedging.Time(nameof(known.Delay), known.Delay),
            });
            hedging.RefuseOthers();
        }

        if (Part(settings, "Timeouts") is { } timeouts)
        {
            TimeoutOptions known = TimeoutOptions.Default;
            builder.AddTimeouts(known with
            {
                PerCall = timeouts.Time(nameof(known.PerCall), known.PerCall),
                PerAttempt = timeouts.Time(nameof(known.PerAttempt), known.PerAttempt),
            });
            timeouts.RefuseOthers();
        }

        if (Part(settings, "CircuitBreaker") is { } breaker)
        {
            CircuitBreakerOptions known = CircuitBreakerOptions.Default;
            builder.AddCircuitBreaker(known with
            {
                ConsecutiveFailures = breaker.Number(nameof(known.ConsecutiveFailures), known.ConsecutiveFailures!.Value),
                FailureRatio = breaker.Ratio(nameof(known.FailureRatio), known.FailureRatio!.Value),
                OpenTime = breaker.Time(nameof(known.OpenTime), known.OpenTime),
            });
            breaker.RefuseOthers();
        }
    }

    private static void ApplyHealth(SettingsReader settings, NetChannelBuilder builder)
    {
        if (!settings.Has("Health"))
        {
            return;
        }

        SettingsReader health = settings.Part("Health");
        HealthOptions known = HealthOptions.Default;
        builder.UseHealth(known with
        {
            Interval = health.Time(nameof(known.Interval), known.Interval),
            Timeout = health.Time(nameof(known.Timeout), known.Timeout),
        });
        if (health.Text("Echo") is { Length: > 0 } route)
        {
            health.Try("Echo", () => builder.AddHealthCheck(new EchoProbe(route)));
        }

        if (health.Text("Grpc") is { } service)
        {
            builder.AddHealthCheck(new GrpcHealthProbe(service));
        }

        health.RefuseOthers();
    }

    // "Retry": true takes the defaults, "Retry": false is as if it were not there, and a section says more.
    private static SettingsReader? Part(SettingsReader settings, string key)
    {
        if (!settings.Has(key))
        {
            return null;
        }

        return settings.Text(key) is null || settings.Flag(key, true) ? settings.Part(key) : null;
    }
}
