using Net.Client;

namespace Net.Channels;

/// <summary>Reads what is done when calls fail, for all calls and for those of single methods. Keys are the names of the properties that they set, and those of the builder's methods.</summary>
internal static class ResilienceSettings
{
    internal static void Apply(SettingsReader settings, NetChannelBuilder builder, Func<string, LeaseSource?>? findChannel)
    {
        if (settings.Switch("CircuitBreaker") is (true, var breaker))
        {
            CircuitBreakerOptions? options = breaker is null ? null : ReadBreaker(breaker);
            builder.Configure(o => o with { Breaker = options });
        }

        if (settings.Switch("OutlierEjection") is (true, var outliers))
        {
            OutlierOptions? options = outliers is null ? null : ReadOutliers(outliers);
            builder.Configure(o => o with { Outliers = options });
        }

        if (settings.Section("RetryBudget") is { } budget)
        {
            builder.UseRetryBudget(ReadBudget(budget));
        }

        CallPolicy policy = ReadPolicy(settings, builder.Policy, new FallbackSettings(builder, findChannel, Method: null));
        builder.UsePolicy(policy);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach ((SettingsReader method, string? value) in settings.List("Methods"))
        {
            string? name = value is null ? method.Text("Name") : null;
            if (string.IsNullOrEmpty(name))
            {
                method.Fault("must be a section with the method's Name, such as /package.Service/Method, or /package.Service/* for all that begin so.");
            }
            else if (!names.Add(name))
            {
                method.Fault("Name", $"is '{name}' again; say it all in one section.");
            }

            // Read all the same when its name is missing, so that its other faults are told of at once.
            CallPolicy own = ReadPolicy(method, policy, new FallbackSettings(builder, findChannel, name ?? "/"));
            method.RefuseOthers();
            if (!string.IsNullOrEmpty(name))
            {
                builder.ForMethod(name, own);
            }
        }
    }

    // What is not said stays as it is for all calls; a call has retries or hedging, and what is said here takes the other's place.
    private static CallPolicy ReadPolicy(SettingsReader settings, CallPolicy known, FallbackSettings fallback)
    {
        RetryOptions? retry = known.Retry;
        HedgingOptions? hedging = known.Hedging;
        (bool isRetrySaid, SettingsReader? ofRetry) = settings.Switch(nameof(known.Retry));
        if (isRetrySaid)
        {
            retry = ofRetry is null ? null : ReadRetry(ofRetry);
            hedging = retry is null ? hedging : null;
        }

        if (settings.Switch(nameof(known.Hedging)) is (true, var ofHedging))
        {
            hedging = ofHedging is null ? null : ReadHedging(ofHedging);
            if (hedging is not null && ofRetry is not null)
            {
                settings.Fault(nameof(known.Hedging), "stands beside Retry; a call has one of them. Leave one out, or set it to false.");
            }

            retry = hedging is null ? retry : null;
        }

        TimeoutOptions? timeouts = known.Timeouts;
        if (settings.Switch(nameof(known.Timeouts)) is (true, var ofTimeouts))
        {
            timeouts = ofTimeouts is null ? null : ReadTimeouts(ofTimeouts);
        }

        return known with { Retry = retry, Hedging = hedging, Timeouts = timeouts, Fallback = fallback.Read(settings, known.Fallback) };
    }

    private static RetryOptions ReadRetry(SettingsReader settings)
    {
        RetryOptions known = RetryOptions.Default;
        return settings.Check(
            known with
            {
                MaxAttempts = settings.Number(nameof(known.MaxAttempts), known.MaxAttempts),
                InitialBackoff = settings.Time(nameof(known.InitialBackoff), known.InitialBackoff),
                Multiplier = settings.Ratio(nameof(known.Multiplier), known.Multiplier),
                MaxBackoff = settings.Time(nameof(known.MaxBackoff), known.MaxBackoff),
                RetryOn = settings.Choices(nameof(known.RetryOn), known.RetryOn),
            },
            known,
            static o => o.Validate());
    }

    private static HedgingOptions ReadHedging(SettingsReader settings)
    {
        HedgingOptions known = HedgingOptions.Default;
        return settings.Check(
            known with
            {
                MaxAttempts = settings.Number(nameof(known.MaxAttempts), known.MaxAttempts),
                Delay = settings.Time(nameof(known.Delay), known.Delay),
                GoOnAfter = settings.Choices(nameof(known.GoOnAfter), known.GoOnAfter),
            },
            known,
            static o => o.Validate());
    }

    private static TimeoutOptions ReadTimeouts(SettingsReader settings)
    {
        TimeoutOptions known = TimeoutOptions.Default;
        return settings.Check(
            known with
            {
                PerCall = settings.Time(nameof(known.PerCall), known.PerCall),
                PerAttempt = settings.Time(nameof(known.PerAttempt), known.PerAttempt),
            },
            known,
            static o => o.Validate());
    }

    private static RetryBudgetOptions ReadBudget(SettingsReader settings)
    {
        RetryBudgetOptions known = RetryBudgetOptions.Default;
        return settings.Check(
            known with
            {
                MaxTokens = settings.Number(nameof(known.MaxTokens), known.MaxTokens),
                TokenRatio = settings.Ratio(nameof(known.TokenRatio), known.TokenRatio),
            },
            known,
            static o => o.Validate());
    }

    private static CircuitBreakerOptions ReadBreaker(SettingsReader settings)
    {
        CircuitBreakerOptions known = CircuitBreakerOptions.Default;
        return settings.Check(
            known with
            {
                ConsecutiveFailures = settings.NumberOrNone(nameof(known.ConsecutiveFailures), known.ConsecutiveFailures),
                FailureRatio = settings.RatioOrNone(nameof(known.FailureRatio), known.FailureRatio),
                MinimumThroughput = settings.Number(nameof(known.MinimumThroughput), known.MinimumThroughput),
                Window = settings.Time(nameof(known.Window), known.Window),
                OpenTime = settings.Time(nameof(known.OpenTime), known.OpenTime),
                OpenTimeGrowth = settings.Ratio(nameof(known.OpenTimeGrowth), known.OpenTimeGrowth),
                MaxOpenTime = settings.Time(nameof(known.MaxOpenTime), known.MaxOpenTime),
                OpenTimeJitter = settings.Ratio(nameof(known.OpenTimeJitter), known.OpenTimeJitter),
                HalfOpenCalls = settings.Number(nameof(known.HalfOpenCalls), known.HalfOpenCalls),
                SuccessesToClose = settings.Number(nameof(known.SuccessesToClose), known.SuccessesToClose),
                ProbeTimeout = settings.Time(nameof(known.ProbeTimeout), known.ProbeTimeout),
            },
            known,
            static o => o.Validate());
    }

    private static OutlierOptions ReadOutliers(SettingsReader settings)
    {
        OutlierOptions known = OutlierOptions.Default;
        return settings.Check(
            known with
            {
                ConsecutiveFailures = settings.NumberOrNone(nameof(known.ConsecutiveFailures), known.ConsecutiveFailures),
                SuccessRateDeviations = settings.RatioOrNone(nameof(known.SuccessRateDeviations), known.SuccessRateDeviations),
                MinimumEndPoints = settings.Number(nameof(known.MinimumEndPoints), known.MinimumEndPoints),
                MinimumCalls = settings.Number(nameof(known.MinimumCalls), known.MinimumCalls),
                Interval = settings.Time(nameof(known.Interval), known.Interval),
                MaxEjectedShare = settings.Ratio(nameof(known.MaxEjectedShare), known.MaxEjectedShare),
                EjectionTime = settings.Time(nameof(known.EjectionTime), known.EjectionTime),
                MaxEjectionTime = settings.Time(nameof(known.MaxEjectionTime), known.MaxEjectionTime),
                EjectionTimeJitter = settings.Ratio(nameof(known.EjectionTimeJitter), known.EjectionTimeJitter),
            },
            known,
            static o => o.Validate());
    }
}
