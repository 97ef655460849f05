using Net.Client;

namespace Net.Channels;

/// <summary>Reads how end points are watched. Keys are the names of the properties that they set, and those of the checks.</summary>
internal static class HealthSettings
{
    internal static void Apply(SettingsReader settings, NetChannelBuilder builder)
    {
        (bool isSaid, SettingsReader? health) = settings.Switch("Health");
        if (!isSaid)
        {
            return;
        }

        if (health is null)
        {
            builder.UseHealth(null);
            return;
        }

        HealthOptions known = HealthOptions.Default;
        HealthOptions read = ReadTimes(health, known) with
        {
            Passive = ReadPassive(health),
            Path = health.Section(nameof(known.Path)) is { } path ? ReadPath(path) : known.Path,
            Probes = health.Flag("Ping", true) ? known.Probes : [],
        };
        AddChecks(health, builder);
        builder.UseHealth(health.Check(read, known, static o => o.Validate()));
    }

    private static HealthOptions ReadTimes(SettingsReader settings, HealthOptions known) => known with
    {
        Interval = settings.Time(nameof(known.Interval), known.Interval),
        ConfirmInterval = settings.Time(nameof(known.ConfirmInterval), known.ConfirmInterval),
        RecoveryInterval = settings.Time(nameof(known.RecoveryInterval), known.RecoveryInterval),
        IdleInterval = settings.Time(nameof(known.IdleInterval), known.IdleInterval),
        Jitter = settings.Ratio(nameof(known.Jitter), known.Jitter),
        Timeout = settings.Time(nameof(known.Timeout), known.Timeout),
        Fall = settings.Number(nameof(known.Fall), known.Fall),
        Rise = settings.Number(nameof(known.Rise), known.Rise),
        FlapWindow = settings.Time(nameof(known.FlapWindow), known.FlapWindow),
        MaxRise = settings.Number(nameof(known.MaxRise), known.MaxRise),
        MaxConcurrentChecks = settings.Number(nameof(known.MaxConcurrentChecks), known.MaxConcurrentChecks),
    };

    private static PassiveHealthOptions? ReadPassive(SettingsReader settings)
    {
        PassiveHealthOptions known = PassiveHealthOptions.Default;
        (bool isSaid, SettingsReader? passive) = settings.Switch(nameof(HealthOptions.Passive));
        if (passive is null)
        {
            return isSaid ? null : known;
        }

        return passive.Check(
            known with
            {
                ConsecutiveFailures = passive.Number(nameof(known.ConsecutiveFailures), known.ConsecutiveFailures),
                FailureRatio = passive.Ratio(nameof(known.FailureRatio), known.FailureRatio),
                MinCalls = passive.Number(nameof(known.MinCalls), known.MinCalls),
                Window = passive.Time(nameof(known.Window), known.Window),
                Hold = passive.Time(nameof(known.Hold), known.Hold),
                MaxHold = passive.Time(nameof(known.MaxHold), known.MaxHold),
            },
            known,
            static o => o.Validate());
    }

    private static PathHealthOptions ReadPath(SettingsReader settings)
    {
        PathHealthOptions known = PathHealthOptions.Default;
        return settings.Check(
            known with
            {
                SampleInterval = settings.Time(nameof(known.SampleInterval), known.SampleInterval),
                ProbeTimeouts = settings.Number(nameof(known.ProbeTimeouts), known.ProbeTimeouts),
                LossRatio = settings.Ratio(nameof(known.LossRatio), known.LossRatio),
                LossDatagrams = settings.Number(nameof(known.LossDatagrams), known.LossDatagrams),
                RttFactor = settings.Ratio(nameof(known.RttFactor), known.RttFactor),
                RttRise = settings.Time(nameof(known.RttRise), known.RttRise),
                ClearSamples = settings.Number(nameof(known.ClearSamples), known.ClearSamples),
            },
            known,
            static o => o.Validate());
    }

    // What checks need of the channel, its clock, is known when it is built.
    private static void AddChecks(SettingsReader settings, NetChannelBuilder builder)
    {
        if (settings.Text("Echo") is { Length: > 0 } route)
        {
            settings.Try("Echo", () =>
            {
                _ = new RawStreamHeader(route);
                builder.AddMadeHealthCheck(options => new EchoProbe(route, options.TimeProvider));
            });
        }

        if (!settings.Has("Grpc"))
        {
            return;
        }

        Uri? authority = null;
        string service;
        if (settings.IsSection("Grpc"))
        {
            SettingsReader grpc = settings.Part("Grpc");
            service = grpc.Text("Service") ?? "";
            if (grpc.Text("Authority") is { Length: > 0 } text)
            {
                grpc.Try("Authority", () => authority = new Uri(text));
            }

            grpc.RefuseOthers();
        }
        else
        {
            service = settings.Text("Grpc") ?? "";
        }

        builder.AddMadeHealthCheck(options => new GrpcHealthProbe(service, authority, options.TimeProvider));
    }
}
