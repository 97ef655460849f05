using Net.Client;
using Net.Http3;

namespace Net.Channels;

/// <summary>Reads what a pool is made of: connections, races, balancing, limits. Keys are the names of the properties that they set.</summary>
internal static class PoolSettings
{
    internal static PoolOptions ReadPool(SettingsReader settings)
    {
        PoolOptions known = PoolOptions.Default;
        return settings.Check(
            known with
            {
                MinConnections = settings.Number(nameof(known.MinConnections), known.MinConnections),
                MaxConnections = settings.Number(nameof(known.MaxConnections), known.MaxConnections),
                MaxStreamsPerConnection = settings.Number(nameof(known.MaxStreamsPerConnection), known.MaxStreamsPerConnection),
                GrowAt = settings.Ratio(nameof(known.GrowAt), known.GrowAt),
                IdleTimeout = settings.Time(nameof(known.IdleTimeout), known.IdleTimeout),
                Lifetime = settings.Time(nameof(known.Lifetime), known.Lifetime),
                LimitJitter = settings.Ratio(nameof(known.LimitJitter), known.LimitJitter),
                DrainTimeout = settings.Time(nameof(known.DrainTimeout), known.DrainTimeout),
                ConnectTimeout = settings.Time(nameof(known.ConnectTimeout), known.ConnectTimeout),
                ConnectBackoff = settings.Time(nameof(known.ConnectBackoff), known.ConnectBackoff),
                ConnectAttemptDelay = settings.Time(nameof(known.ConnectAttemptDelay), known.ConnectAttemptDelay),
                MaxConnectBackoff = settings.Time(nameof(known.MaxConnectBackoff), known.MaxConnectBackoff),
                MaxConcurrentConnects = settings.Number(nameof(known.MaxConcurrentConnects), known.MaxConcurrentConnects),
                KeepAliveInterval = settings.Time(nameof(known.KeepAliveInterval), known.KeepAliveInterval),
                TransportIdleTimeout = settings.Time(nameof(known.TransportIdleTimeout), known.TransportIdleTimeout),
                MaxProbeTimeouts = settings.Number(nameof(known.MaxProbeTimeouts), known.MaxProbeTimeouts),
                SilenceTimeout = settings.Time(nameof(known.SilenceTimeout), known.SilenceTimeout),
                MaxWaiters = settings.Number(nameof(known.MaxWaiters), known.MaxWaiters),
                WaitTimeout = settings.Time(nameof(known.WaitTimeout), known.WaitTimeout),
            },
            known,
            static o => o.Validate());
    }

    internal static ProtocolRaceOptions ReadRace(SettingsReader settings)
    {
        ProtocolRaceOptions known = ProtocolRaceOptions.Default;
        return settings.Check(
            known with
            {
                Policy = settings.Choice(nameof(known.Policy), known.Policy),
                HeadStart = settings.Time(nameof(known.HeadStart), known.HeadStart),
                MinHeadStart = settings.Time(nameof(known.MinHeadStart), known.MinHeadStart),
                MaxHeadStart = settings.Time(nameof(known.MaxHeadStart), known.MaxHeadStart),
                HeadStartRoundTrips = settings.Ratio(nameof(known.HeadStartRoundTrips), known.HeadStartRoundTrips),
                MemoryHalfLife = settings.Time(nameof(known.MemoryHalfLife), known.MemoryHalfLife),
                ProbeInterval = settings.Time(nameof(known.ProbeInterval), known.ProbeInterval),
                MaxProbeInterval = settings.Time(nameof(known.MaxProbeInterval), known.MaxProbeInterval),
            },
            known,
            static o => o.Validate());
    }

    /// <summary>The name of a policy, or a section with the name and what that policy lets one choose.</summary>
    internal static BalancingPolicy? ReadBalancing(SettingsReader settings, string key)
    {
        const string Policy = "Policy";
        BalancingPolicy? policy = null;
        if (!settings.IsSection(key))
        {
            if (settings.Text(key) is { Length: > 0 } name)
            {
                settings.Try(key, () => policy = Balancing.Parse(name));
            }

            return policy;
        }

        SettingsReader section = settings.Part(key);
        section.Try(Policy, () => policy = Balancing.Parse(section.Text(Policy) ?? ""));
        if (policy?.Name == Balancing.RingHash().Name)
        {
            RingHashOptions known = RingHashOptions.Default;
            return Balancing.RingHash(section.Check(
                known with
                {
                    LoadBound = section.Ratio(nameof(known.LoadBound), known.LoadBound),
                    PlacesPerEndPoint = section.Number(nameof(known.PlacesPerEndPoint), known.PlacesPerEndPoint),
                },
                known,
                static o => o.Validate()));
        }

        section.RefuseOthers();
        return policy;
    }

    internal static PriorityGroupOptions ReadPriorities(SettingsReader settings)
    {
        PriorityGroupOptions known = PriorityGroupOptions.Default;
        return settings.Check(
            known with
            {
                MinFitRatio = settings.Ratio(nameof(known.MinFitRatio), known.MinFitRatio),
                PanicRatio = settings.Ratio(nameof(known.PanicRatio), known.PanicRatio),
                Panic = settings.Choice(nameof(known.Panic), known.Panic),
            },
            known,
            static o => o.Validate());
    }

    internal static SlowStartOptions ReadSlowStart(SettingsReader settings)
    {
        SlowStartOptions known = SlowStartOptions.Default;
        return settings.Check(
            known with
            {
                Window = settings.Time(nameof(known.Window), known.Window),
                InitialWarmth = settings.Ratio(nameof(known.InitialWarmth), known.InitialWarmth),
            },
            known,
            static o => o.Validate());
    }

    internal static EndPointLoadOptions ReadLoad(SettingsReader settings)
    {
        EndPointLoadOptions known = EndPointLoadOptions.Default;
        return settings.Check(
            known with
            {
                Memory = settings.Time(nameof(known.Memory), known.Memory),
                InitialCost = settings.Time(nameof(known.InitialCost), known.InitialCost),
                FailureFactor = settings.Ratio(nameof(known.FailureFactor), known.FailureFactor),
                MaxFailureCost = settings.Time(nameof(known.MaxFailureCost), known.MaxFailureCost),
            },
            known,
            static o => o.Validate());
    }

    internal static TransportLimits ReadLimits(SettingsReader settings)
    {
        TransportLimits known = TransportLimits.Default;
        return settings.Check(
            known with
            {
                MaxInboundBidirectionalStreams = settings.Number(nameof(known.MaxInboundBidirectionalStreams), known.MaxInboundBidirectionalStreams),
                MaxInboundUnidirectionalStreams = settings.Number(nameof(known.MaxInboundUnidirectionalStreams), known.MaxInboundUnidirectionalStreams),
                StreamReceiveWindow = settings.Number(nameof(known.StreamReceiveWindow), known.StreamReceiveWindow),
                ConnectionReceiveWindow = settings.Number(nameof(known.ConnectionReceiveWindow), known.ConnectionReceiveWindow),
                StreamSendBuffer = settings.Number(nameof(known.StreamSendBuffer), known.StreamSendBuffer),
                StreamUnsentBuffer = settings.Number(nameof(known.StreamUnsentBuffer), known.StreamUnsentBuffer),
                MaxDatagramSize = settings.Number(nameof(known.MaxDatagramSize), known.MaxDatagramSize),
                DatagramReceiveQueue = settings.Number(nameof(known.DatagramReceiveQueue), known.DatagramReceiveQueue),
                MaxResetsPerSecond = settings.Number(nameof(known.MaxResetsPerSecond), known.MaxResetsPerSecond),
                MaxControlFramesPerSecond = settings.Number(nameof(known.MaxControlFramesPerSecond), known.MaxControlFramesPerSecond),
                MaxIdleDatagramsPerSecond = settings.Number(nameof(known.MaxIdleDatagramsPerSecond), known.MaxIdleDatagramsPerSecond),
            },
            known,
            static o => o.Validate());
    }

    internal static Http3ConnectionOptions ReadHttp3(SettingsReader settings)
    {
        Http3ConnectionOptions known = Http3ConnectionOptions.Default;
        return settings.Check(
            known with
            {
                MaxResponseHeadersSize = settings.Number(nameof(known.MaxResponseHeadersSize), known.MaxResponseHeadersSize),
                QpackDecoderTableCapacity = settings.Number(nameof(known.QpackDecoderTableCapacity), known.QpackDecoderTableCapacity),
                QpackBlockedStreams = settings.Number(nameof(known.QpackBlockedStreams), known.QpackBlockedStreams),
                QpackEncoderTableCapacity = settings.Number(nameof(known.QpackEncoderTableCapacity), known.QpackEncoderTableCapacity),
                MaxInformationalResponses = settings.Number(nameof(known.MaxInformationalResponses), known.MaxInformationalResponses),
                Expect100ContinueTimeout = settings.Time(nameof(known.Expect100ContinueTimeout), known.Expect100ContinueTimeout),
            },
            known,
            static o => o.Validate());
    }

    internal static Http2SessionOptions ReadHttp2(SettingsReader settings)
    {
        Http2SessionOptions known = Http2SessionOptions.Default;
        return settings.Check(
            known with
            {
                MaxStreams = settings.Number(nameof(known.MaxStreams), known.MaxStreams),
                MaxResponseHeadersSize = settings.Number(nameof(known.MaxResponseHeadersSize), known.MaxResponseHeadersSize),
                KeepAliveTimeout = settings.Time(nameof(known.KeepAliveTimeout), known.KeepAliveTimeout),
                MaxAuthorities = settings.Number(nameof(known.MaxAuthorities), known.MaxAuthorities),
            },
            known,
            static o => o.Validate());
    }

    internal static RawStreamLimits ReadRawStreams(SettingsReader settings)
    {
        RawStreamLimits known = RawStreamLimits.Default;
        return settings.Check(
            known with
            {
                MaxHeaderSize = settings.Number(nameof(known.MaxHeaderSize), known.MaxHeaderSize),
                MaxMetadataCount = settings.Number(nameof(known.MaxMetadataCount), known.MaxMetadataCount),
                MaxMetadataSize = settings.Number(nameof(known.MaxMetadataSize), known.MaxMetadataSize),
            },
            known,
            static o => o.Validate());
    }
}
