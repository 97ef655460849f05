namespace Net.Ngtcp2.Udp;

/// <summary>Whether a socket uses an offload of the kernel.</summary>
internal enum OffloadMode : byte
{
    /// <summary>Use it where the kernel has it.</summary>
    Auto,

    /// <summary>Use it, and refuse to open the socket where the kernel lacks it.</summary>
    On,

    /// <summary>Do without it.</summary>
    Off,
}
