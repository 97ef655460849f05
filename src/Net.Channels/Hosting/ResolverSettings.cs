using System.Net.Sockets;
using Net.Client;

namespace Net.Channels;

/// <summary>Reads where end points come from: a list, a name, a file. What a resolver needs of the channel, its clock, chance and log, is known when it is built.</summary>
internal static class ResolverSettings
{
    private const string Dns = nameof(Dns);
    private const string File = nameof(File);

    internal static void Apply(SettingsReader settings, NetChannelBuilder builder)
    {
        ApplyEndPoints(settings, builder);
        if (settings.Section("Resolver") is not { } resolver)
        {
            return;
        }

        SettingsReader? dns = resolver.Section(Dns);
        SettingsReader? file = resolver.Section(File);
        if ((dns is null) == (file is null))
        {
            resolver.Fault($"must hold either {Dns} or {File}; a list that does not change stands under EndPoints.");
        }

        if (dns is not null)
        {
            ApplyDns(dns, builder);
        }

        if (file is not null)
        {
            ApplyFile(file, builder);
        }

        resolver.RefuseOthers();
    }

    private static void ApplyEndPoints(SettingsReader settings, NetChannelBuilder builder)
    {
        const string Key = "EndPoints";
        var places = new HashSet<ChannelEndPoint>(ChannelEndPoint.PlaceComparer);
        foreach ((SettingsReader reader, string? value) in settings.List(Key))
        {
            ChannelEndPoint? endPoint = value is null ? ReadEndPoint(reader) : Parse(reader, value);
            if (value is null)
            {
                reader.RefuseOthers();
            }

            if (endPoint is not null && !places.Add(endPoint))
            {
                reader.Fault($"names {endPoint} again; give each place once, with a weight.");
            }
            else if (endPoint is not null)
            {
                builder.AddEndPoint(endPoint);
            }
        }
    }

    private static void ApplyDns(SettingsReader settings, NetChannelBuilder builder)
    {
        ChannelEndPoint? template = ReadEndPoint(settings);
        DnsResolverOptions known = DnsResolverOptions.Default;
        DnsResolverOptions options = settings.Check(
            known with
            {
                RefreshInterval = settings.Time(nameof(known.RefreshInterval), known.RefreshInterval),
                MinInterval = settings.Time(nameof(known.MinInterval), known.MinInterval),
                MaxTimeToLive = settings.Time(nameof(known.MaxTimeToLive), known.MaxTimeToLive),
                Jitter = settings.Ratio(nameof(known.Jitter), known.Jitter),
                Timeout = settings.Time(nameof(known.Timeout), known.Timeout),
                Family = ReadFamily(settings, nameof(known.Family)),
                MaxAddresses = settings.Number(nameof(known.MaxAddresses), known.MaxAddresses),
            },
            known,
            static o => o.Validate());
        if (template is not null)
        {
            builder.UseMadeResolver(
                channel => new DnsResolver(template, options, query: null, channel.TimeProvider, channel.Random, channel.LoggerFactory), NetChannelBuilder.AuthorityOf(template));
        }
    }

    private static void ApplyFile(SettingsReader settings, NetChannelBuilder builder)
    {
        string? path = settings.Text("Path");
        if (string.IsNullOrWhiteSpace(path))
        {
            settings.Fault("Path", "is missing; name a JSON file of end points.");
        }

        FileResolverOptions known = FileResolverOptions.Default;
        FileResolverOptions options = settings.Check(
            known with
            {
                Interval = settings.Time(nameof(known.Interval), known.Interval),
                MaxBytes = settings.Number(nameof(known.MaxBytes), known.MaxBytes),
            },
            known,
            static o => o.Validate());
        if (!string.IsNullOrWhiteSpace(path))
        {
            builder.UseMadeResolver(channel => new FileResolver(path, options, channel.TimeProvider, channel.LoggerFactory), authority: null);
        }
    }

    // The runtime's names hold more families than there are addresses in DNS.
    private static AddressFamily ReadFamily(SettingsReader settings, string key) => settings.Choice(key, Family.Any) switch
    {
        Family.IPv4 => AddressFamily.InterNetwork,
        Family.IPv6 => AddressFamily.InterNetworkV6,
        _ => AddressFamily.Unspecified,
    };

    private static ChannelEndPoint? ReadEndPoint(SettingsReader settings)
    {
        const string Key = nameof(ChannelEndPoint.Address);
        string address = settings.Text(Key) ?? "";
        if (address.Length == 0)
        {
            settings.Fault(Key, "is missing; write https://host:port.");
        }

        ChannelEndPoint? known = null;
        if (address.Length > 0)
        {
            settings.Try(Key, () => known = ChannelEndPoint.Parse(address));
        }

        // What else stands there is read all the same, so that its faults are told of at once.
        var read = (
            Weight: settings.Number(nameof(known.Weight), known?.Weight ?? ChannelEndPoint.MinWeight),
            Priority: settings.Number(nameof(known.Priority), 0),
            Zone: settings.Text(nameof(known.Zone)),
            ServerName: settings.Text(nameof(known.ServerName)));
        if (known is null)
        {
            return null;
        }

        ChannelEndPoint endPoint = known with { Weight = read.Weight, Priority = read.Priority, Zone = read.Zone, ServerName = read.ServerName ?? known.ServerName };
        bool isGood = true;
        settings.TryEach($"{nameof(ChannelEndPoint)}({endPoint.Address}).", endPoint.Validate, () => isGood = false);
        return isGood ? endPoint : null;
    }

    private static ChannelEndPoint? Parse(SettingsReader settings, string address)
    {
        try
        {
            return ChannelEndPoint.Parse(address);
        }
        catch (FormatException exception)
        {
            settings.Fault("cannot be used: " + exception.Message);
            return null;
        }
    }

    private enum Family
    {
        Any,
        IPv4,
        IPv6,
    }
}
