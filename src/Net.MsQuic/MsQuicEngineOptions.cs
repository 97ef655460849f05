namespace Net.MsQuic;

/// <summary>Settings of an <see cref="MsQuicEngine"/> that hold for all its connections.</summary>
public sealed record MsQuicEngineOptions
{
    /// <summary>
    /// The clock for certificate validity, handshake timeouts of clients and durations in metrics. Default <see cref="System.TimeProvider.System"/>.
    /// The library's own timers (idle, keep-alive, loss) do not follow it.
    /// </summary>
    /// <remarks>Another clock is for tests.</remarks>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentException">Lists every fault.</exception>
    public void Validate()
    {
        var faults = new OptionFaults(nameof(MsQuicEngineOptions));
        if (TimeProvider is null)
        {
            faults.Add(nameof(TimeProvider), "is null.");
        }

        faults.ThrowIfAny();
    }
}
