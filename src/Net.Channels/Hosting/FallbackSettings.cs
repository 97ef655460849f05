using Net.Client;

namespace Net.Channels;

/// <summary>Reads a chain of fallbacks: other channels by their name, and HTTP/2 for methods of HTTP. Answers without a server are code.</summary>
/// <param name="Builder">Whose calls fall back.</param>
/// <param name="FindChannel">Finds another channel; <c>null</c>: there is nowhere to look.</param>
/// <param name="Method">The method whose chain it is; <c>null</c>: that of all calls, raw streams included.</param>
internal readonly record struct FallbackSettings(NetChannelBuilder Builder, Func<string, LeaseSource?>? FindChannel, string? Method)
{
    private const string Key = "Fallbacks";
    private const string Protocol = nameof(Protocol);
    private const string Channel = nameof(Channel);

    internal FallbackOptions? Read(SettingsReader settings, FallbackOptions? known)
    {
        if (!settings.Has(Key))
        {
            return known;
        }

        if (settings.IsNone(Key))
        {
            return null;
        }

        List<FallbackStep> steps = [];
        foreach ((SettingsReader step, string? value) in settings.List(Key))
        {
            if (ReadStep(step, value) is { } read)
            {
                steps.Add(read);
            }
        }

        if (steps.Count > FallbackOptions.MaxSteps)
        {
            settings.Fault(Key, $"holds {steps.Count} steps; it must be 1 to {FallbackOptions.MaxSteps}.");
            return known;
        }

        return steps.Count == 0 ? known : new FallbackOptions { Steps = steps };
    }

    private FallbackStep? ReadStep(SettingsReader settings, string? value)
    {
        if (value is not null)
        {
            settings.Fault($"is '{value}'; it must be a section with {Channel}, the name of another channel, or with {Protocol}, which is h2.");
            return null;
        }

        string? name = settings.Text(Channel);
        string? protocol = settings.Text(Protocol);
        settings.RefuseOthers();
        if (string.IsNullOrEmpty(name) && string.IsNullOrEmpty(protocol))
        {
            settings.Fault($"must hold {Channel}, the name of another channel, or {Protocol}, which is h2.");
            return null;
        }

        bool isGood = string.IsNullOrEmpty(protocol) || IsProtocolGood(settings, protocol);
        LeaseSource? source = string.IsNullOrEmpty(name) ? null : Find(settings, name);
        if (!isGood || (source is null && !string.IsNullOrEmpty(name)))
        {
            return null;
        }

        ChannelProtocol? spoken = string.IsNullOrEmpty(protocol) ? null : Builder.Http2;
        return source is null ? FallbackStep.ToProtocol(spoken!) : FallbackStep.ToChannel(name!, source, spoken);
    }

    private bool IsProtocolGood(SettingsReader settings, string protocol)
    {
        if (protocol != "h2")
        {
            settings.Fault(Protocol, $"is '{protocol}'; it must be h2.");
            return false;
        }

        // A raw stream cannot be carried by HTTP/2; over TCP it goes by itself where UDP is blocked.
        if (Method is null || !Method.StartsWith('/'))
        {
            settings.Fault(Protocol, "may stand only with methods of HTTP and gRPC, whose Name begins with '/': raw streams are not carried by HTTP/2. Put it into Methods.");
            return false;
        }

        return true;
    }

    private LeaseSource? Find(SettingsReader settings, string name)
    {
        if (FindChannel is null)
        {
            settings.Fault(Channel, $"is '{name}'; other channels are found only by services.AddNetChannel.");
            return null;
        }

        LeaseSource? found = FindChannel(name);
        if (found is null)
        {
            settings.Fault(Channel, $"is '{name}'; there is no other channel of this name. Add one with services.AddNetChannel(\"{name}\", ...).");
        }

        return found;
    }
}
