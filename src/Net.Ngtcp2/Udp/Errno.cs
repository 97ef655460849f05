namespace Net.Ngtcp2.Udp;

/// <summary>The <c>errno</c> values this layer tells apart, as <c>asm-generic/errno.h</c> numbers them (the same on x64 and arm64).</summary>
internal static class Errno
{
    internal const int EPERM = 1;
    internal const int EINTR = 4;
    internal const int EIO = 5;
    internal const int EBADF = 9;
    internal const int EAGAIN = 11;
    internal const int ENOMEM = 12;
    internal const int EACCES = 13;
    internal const int EINVAL = 22;
    internal const int ENFILE = 23;
    internal const int EMFILE = 24;
    internal const int ENONET = 64;
    internal const int EPROTO = 71;
    internal const int EMSGSIZE = 90;
    internal const int ENOPROTOOPT = 92;
    internal const int EOPNOTSUPP = 95;
    internal const int EAFNOSUPPORT = 97;
    internal const int EADDRINUSE = 98;
    internal const int EADDRNOTAVAIL = 99;
    internal const int ENETDOWN = 100;
    internal const int ENETUNREACH = 101;
    internal const int ENOBUFS = 105;
    internal const int ECONNREFUSED = 111;
    internal const int EHOSTDOWN = 112;
    internal const int EHOSTUNREACH = 113;

    /// <summary>Whether the kernel had no room for the datagram: the same call can succeed later.</summary>
    internal static bool IsFull(int errno) => errno is EAGAIN or ENOBUFS or ENOMEM;

    /// <summary>Whether an earlier ICMP message can have left this value on the socket.</summary>
    /// <remarks>
    /// With IP_RECVERR the kernel hands such an error to the next call on the socket, whoever that call is for, and clears it
    /// (the kernel's <c>icmp_err_convert</c> and <c>icmpv6_err_convert</c> list the values). Only a repeated answer is about the call itself.
    /// </remarks>
    internal static bool CanBePending(int errno) => errno is ECONNREFUSED or EHOSTUNREACH or ENETUNREACH or EHOSTDOWN or ENONET
        or EPROTO or ENOPROTOOPT or EOPNOTSUPP or EMSGSIZE or EACCES or EINTR;

    /// <summary>The symbol and the number, for messages: <c>EADDRINUSE (98)</c>.</summary>
    internal static string Describe(int errno)
    {
        string? name = errno switch
        {
            EPERM => nameof(EPERM),
            EINTR => nameof(EINTR),
            EIO => nameof(EIO),
            EBADF => nameof(EBADF),
            EAGAIN => nameof(EAGAIN),
            ENOMEM => nameof(ENOMEM),
            EACCES => nameof(EACCES),
            EINVAL => nameof(EINVAL),
            ENFILE => nameof(ENFILE),
            EMFILE => nameof(EMFILE),
            ENONET => nameof(ENONET),
            EPROTO => nameof(EPROTO),
            EMSGSIZE => nameof(EMSGSIZE),
            ENOPROTOOPT => nameof(ENOPROTOOPT),
            EOPNOTSUPP => nameof(EOPNOTSUPP),
            EAFNOSUPPORT => nameof(EAFNOSUPPORT),
            EADDRINUSE => nameof(EADDRINUSE),
            EADDRNOTAVAIL => nameof(EADDRNOTAVAIL),
            ENETDOWN => nameof(ENETDOWN),
            ENETUNREACH => nameof(ENETUNREACH),
            ENOBUFS => nameof(ENOBUFS),
            ECONNREFUSED => nameof(ECONNREFUSED),
            EHOSTDOWN => nameof(EHOSTDOWN),
            EHOSTUNREACH => nameof(EHOSTUNREACH),
            _ => null,
        };
        return name is null ? $"errno {errno}" : $"{name} ({errno})";
    }
}
