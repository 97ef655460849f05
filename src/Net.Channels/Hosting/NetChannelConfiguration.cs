using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Net.Client;

namespace Net.Channels;

/// <summary>Reads a channel's settings from configuration: all that can be said of a channel without code.</summary>
/// <remarks>
/// <para>Keys are the names of the properties of the options that they set, so that each option's documentation holds for its key; the guide beside this library, README.md, shows the whole shape as JSON
/// with every default. Nothing but <c>EndPoints</c> or <c>Resolver</c>, and <c>Trust</c> where no code says it, is needed. Times are <c>hh:mm:ss.fff</c> or <c>infinite</c>; <c>none</c> stands for an
/// option's <c>null</c>.</para>
/// <list type="bullet">
/// <item><c>EndPoints</c>: a list of <c>https://host:port</c>, or of sections with <c>Address</c>, <c>Weight</c>, <c>Priority</c>, <c>Zone</c>, <c>ServerName</c>. <c>Resolver</c>: <c>Dns</c>, those and
/// <see cref="DnsResolverOptions"/>; or <c>File</c>, a <c>Path</c> and <see cref="FileResolverOptions"/>.</item>
/// <item><c>Authority</c>; <c>Engine</c>: auto, ngtcp2 or msquic; <c>Trust</c>: a PEM file of authorities, or a section with <c>File</c>, <c>Intermediates</c> and what <see cref="CertificateTrustOptions"/>
/// counts; <c>Identity</c>: <c>Certificate</c> and <c>Key</c>, PEM files; <c>SessionTickets</c>, <c>EarlyData</c>: true or false.</item>
/// <item><c>Balancing</c>: a name that <see cref="Balancing.Parse"/> knows, or a section with <c>Policy</c> and, for ring_hash, <see cref="RingHashOptions"/>. <c>Priorities</c>:
/// <see cref="PriorityGroupOptions"/>. <c>SlowStart</c>: <see cref="SlowStartOptions"/>. <c>Load</c>: <see cref="EndPointLoadOptions"/>.</item>
/// <item><c>Pool</c>: <see cref="PoolOptions"/>. <c>Race</c>: <see cref="ProtocolRaceOptions"/>; <c>Fallback</c>, the short form of its <c>Policy</c>. <c>Limits</c>: <see cref="TransportLimits"/>.
/// <c>Http3</c>: <see cref="Net.Http3.Http3ConnectionOptions"/>. <c>Http2</c>: <see cref="Net.Http3.Http2SessionOptions"/>. <c>RawStreams</c>: <see cref="RawStreamLimits"/>.</item>
/// <item><c>CircuitBreaker</c>: <see cref="CircuitBreakerOptions"/>. <c>OutlierEjection</c>: <see cref="OutlierOptions"/>. <c>RetryBudget</c>: <see cref="RetryBudgetOptions"/>. <c>Health</c>:
/// <see cref="HealthOptions"/> with <c>Ping</c> (true or false), <c>Echo</c> (a route) and <c>Grpc</c> (a service, "" for the server, or a section with <c>Service</c> and <c>Authority</c>).</item>
/// <item><c>Retry</c>: <see cref="RetryOptions"/>. <c>Hedging</c>: <see cref="HedgingOptions"/>. <c>Timeouts</c>: <see cref="TimeoutOptions"/>. <c>Fallbacks</c>: a list in order, of sections with
/// <c>Channel</c>, another channel's name, or <c>Protocol</c>, h2. <c>Methods</c>: a list of sections with <c>Name</c> and these four; what such a section does not say is as for all calls.</item>
/// </list>
/// <para><c>CircuitBreaker</c>, <c>OutlierEjection</c>, <c>Retry</c>, <c>Hedging</c>, <c>Timeouts</c>, <c>Health</c> and <c>Health:Passive</c> may be <c>true</c>, the defaults, and <c>false</c>, none, too.</para>
/// </remarks>
public static class NetChannelConfiguration
{
    /// <summary>Reads a section into a builder.</summary>
    /// <param name="configuration">The section.</param>
    /// <param name="builder">The builder.</param>
    /// <exception cref="ArgumentException">A key is unknown, or a value cannot be read or used; the message lists every fault with the path of its key and what may stand there.</exception>
    public static void Apply(IConfiguration configuration, NetChannelBuilder builder) => Apply(configuration, builder, findChannel: null);

    /// <summary>The same, where other channels can be found to fall back to.</summary>
    /// <param name="configuration">The section.</param>
    /// <param name="builder">The builder.</param>
    /// <param name="findChannel">Finds a channel by its name; its answer <c>null</c>: there is none.</param>
    internal static void Apply(IConfiguration configuration, NetChannelBuilder builder, Func<string, LeaseSource?>? findChannel)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(builder);
        List<string> faults = [];
        var settings = new SettingsReader(configuration, (configuration as IConfigurationSection)?.Path ?? "", faults);
        ResolverSettings.Apply(settings, builder);
        ApplyTls(settings, builder);
        ApplyPool(settings, builder);
        ApplyTransport(settings, builder);
        ResilienceSettings.Apply(settings, builder, findChannel);
        HealthSettings.Apply(settings, builder);
        settings.RefuseOthers();
        if (faults.Count > 0)
        {
            string count = faults.Count == 1 ? "a fault" : string.Create(CultureInfo.InvariantCulture, $"{faults.Count} faults");
            throw new ArgumentException($"The channel's configuration has {count}:{Environment.NewLine}{string.Join(Environment.NewLine, faults)}");
        }
    }

    private static void ApplyTls(SettingsReader settings, NetChannelBuilder builder)
    {
        if (settings.Text("Authority") is { Length: > 0 } authority)
        {
            settings.Try("Authority", () => builder.UseAuthority(new Uri(authority)));
        }

        ApplyTrust(settings, builder);
        if (settings.Section("Identity") is { } identity)
        {
            string? certificate = identity.Text("Certificate");
            string? key = identity.Text("Key");
            identity.RefuseOthers();
            if (string.IsNullOrEmpty(certificate) || string.IsNullOrEmpty(key))
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

    private static void ApplyTrust(SettingsReader settings, NetChannelBuilder builder)
    {
        const string Key = "Trust";
        const string File = "File";
        if (!settings.IsSection(Key))
        {
            if (settings.Text(Key) is { Length: > 0 } path)
            {
                settings.Try(Key, () => builder.UseTrust(CertificateTrust.FromPemFile(path)));
            }

            return;
        }

        SettingsReader section = settings.Part(Key);
        var known = new CertificateTrustOptions();
        string? file = section.Text(File);
        string? intermediates = section.Text(nameof(known.Intermediates));
        CertificateTrustOptions options = section.Check(
            known with
            {
                CacheSize = section.Number(nameof(known.CacheSize), known.CacheSize),
                RecheckInterval = section.Time(nameof(known.RecheckInterval), known.RecheckInterval),
                RefusalRecheckInterval = section.Time(nameof(known.RefusalRecheckInterval), known.RefusalRecheckInterval),
                MaxPresentedCertificates = section.Number(nameof(known.MaxPresentedCertificates), known.MaxPresentedCertificates),
            },
            known,
            static o => o.Validate());
        if (!string.IsNullOrEmpty(intermediates))
        {
            section.Try(nameof(known.Intermediates), () =>
            {
                var found = new X509Certificate2Collection();
                found.ImportFromPemFile(intermediates);
                options = options with { Intermediates = [.. found] };
            });
        }

        if (string.IsNullOrEmpty(file))
        {
            section.Fault(File, "is missing; name a PEM file of authorities.");
            return;
        }

        section.Try(File, () => builder.UseTrust(CertificateTrust.FromPemFile(file, options)));
    }

    private static void ApplyPool(SettingsReader settings, NetChannelBuilder builder)
    {
        if (settings.Section("Pool") is { } pool)
        {
            builder.UsePool(PoolSettings.ReadPool(pool));
        }

        if (PoolSettings.ReadBalancing(settings, "Balancing") is { } balancing)
        {
            builder.UseBalancing(balancing);
        }

        if (settings.Section("Priorities") is { } priorities)
        {
            PriorityGroupOptions options = PoolSettings.ReadPriorities(priorities);
            builder.Configure(o => o with { Priorities = options });
        }

        if (settings.Section("SlowStart") is { } slowStart)
        {
            SlowStartOptions options = PoolSettings.ReadSlowStart(slowStart);
            builder.Configure(o => o with { SlowStart = options });
        }

        if (settings.Section("Load") is { } load)
        {
            EndPointLoadOptions options = PoolSettings.ReadLoad(load);
            builder.Configure(o => o with { Load = options });
        }

        SettingsReader? race = settings.Section("Race");
        if (race is not null)
        {
            bool isPolicySaid = race.Has(nameof(ProtocolRaceOptions.Policy));
            builder.UseRace(PoolSettings.ReadRace(race));
            if (isPolicySaid && settings.Has("Fallback"))
            {
                settings.Fault("Fallback", "stands beside Race:Policy, which says the same; leave one out.");
            }
        }

        if (settings.Has("Fallback"))
        {
            builder.UseFallback(settings.Choice("Fallback", FallbackPolicy.Prefer));
        }
    }

    private static void ApplyTransport(SettingsReader settings, NetChannelBuilder builder)
    {
        if (settings.Text("Engine") is { Length: > 0 } engine && !builder.TryUseEngine(engine))
        {
            settings.Fault("Engine", $"is '{engine}'; it must be auto, {string.Join(" or ", ChannelEngines.All.Select(static c => c.Name))}.");
        }

        if (settings.Section("Limits") is { } limits)
        {
            TransportLimits options = PoolSettings.ReadLimits(limits);
            builder.Configure(o => o with { Limits = options });
        }

        builder.UseLimits(
            settings.Section("Http3") is { } http3 ? PoolSettings.ReadHttp3(http3) : null,
            settings.Section("Http2") is { } http2 ? PoolSettings.ReadHttp2(http2) : null,
            settings.Section("RawStreams") is { } streams ? PoolSettings.ReadRawStreams(streams) : null);
    }
}
