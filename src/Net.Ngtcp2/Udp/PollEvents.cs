namespace Net.Ngtcp2.Udp;

/// <summary>What a descriptor is ready for: the <c>POLL*</c> bits of poll(2).</summary>
[Flags]
internal enum PollEvents : short
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>POLLIN: a receive call will find something.</summary>
    Readable = 0x01,

    /// <summary>POLLOUT: less than half of the send buffer is in use.</summary>
    Writable = 0x04,

    /// <summary>POLLERR: the error queue holds something. It stays set until <see cref="UdpSocket.TryReadError"/> has emptied the queue.</summary>
    Error = 0x08,

    /// <summary>POLLHUP.</summary>
    HangUp = 0x10,

    /// <summary>POLLNVAL: the descriptor is closed, so it was disposed without leaving the poller.</summary>
    Invalid = 0x20,
}
