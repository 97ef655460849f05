namespace Net.UnitTests.Ngtcp2.Driver.Simulation;

/// <summary>What a driver asks of its host, and the host may fail at.</summary>
internal enum SimulatedFault
{
    /// <summary>Reading the clock.</summary>
    Clock,

    /// <summary>The random bytes of a connection id.</summary>
    Id,

    /// <summary>The random byte of the native library's own dice.</summary>
    Dice,

    /// <summary>Sending datagrams.</summary>
    Send,
}
