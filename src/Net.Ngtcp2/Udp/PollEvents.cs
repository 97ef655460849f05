namespace Net.Ngtcp2.Udp;

/// <summary>What a descriptor is ready for: the <c>EPOLL*</c> bits of epoll_ctl(2).</summary>
[Flags]
internal enum PollEvents : short
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>EPOLLIN: a receive call will find something.</summary>
    Readable = 0x01,

    /// <summary>EPOLLOUT: less than half of the send buffer is in use.</summary>
    Writable = 0x04,

    /// <summary>EPOLLERR: the error queue holds something. It stays set until <see cref="UdpSocket.TryReadError"/> has emptied the queue.</summary>
    Error = 0x08,

    /// <summary>EPOLLHUP.</summary>
    HangUp = 0x10,
}
