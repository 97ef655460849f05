namespace Net.Ngtcp2.Udp;

/// <summary>How a send ended.</summary>
internal enum SendStatus : byte
{
    /// <summary>The kernel took every datagram, or refused single ones for their size alone.</summary>
    Sent,

    /// <summary>The kernel has no room. Send the rest, from <see cref="SendResult.BytesConsumed"/> on, when there is.</summary>
    Blocked,

    /// <summary>The kernel refused this path; the rest was given up. QUIC treats it as loss.</summary>
    Dropped,
}

/// <summary>What became of the bytes given to <see cref="UdpSocket.Send"/>.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="BytesConsumed">
/// Bytes the caller is done with. All of them unless <paramref name="Status"/> is <see cref="SendStatus.Blocked"/>; then a multiple of
/// the segment size, and the place to go on from.
/// </param>
/// <param name="Errno">
/// The <c>errno</c> behind <see cref="SendStatus.Blocked"/> or <see cref="SendStatus.Dropped"/>. With <see cref="SendStatus.Sent"/> it is 0,
/// or EMSGSIZE when at least one datagram was too large for the interface.
/// </param>
internal readonly record struct SendResult(SendStatus Status, int BytesConsumed, int Errno)
{
    /// <summary>
    /// For a blocked send: whether <see cref="PollEvents.Writable"/> tells when there is room. It does not after ENOBUFS or ENOMEM, where the
    /// queue of the interface or memory is short and the socket itself counts as writable: go on after a short time then.
    /// </summary>
    internal bool WaitsForWritable => Status == SendStatus.Blocked && Errno == Udp.Errno.EAGAIN;
}
