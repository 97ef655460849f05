using System.Net.Sockets;

namespace Net.Ngtcp2.Udp;

/// <summary>A UDP socket could not be opened: which call failed, on which address, why, and what mends it.</summary>
internal sealed class UdpBindException : IOException
{
    internal UdpBindException(string operation, SocketAddressBuffer address, int errno)
        : base(Explain(operation, address, errno))
    {
        Operation = operation;
        Address = address;
        Errno = errno;
    }

    /// <summary>The call that failed, such as <c>bind</c> or <c>setsockopt(UDP_GRO)</c>.</summary>
    internal string Operation { get; }

    /// <summary>The address asked for.</summary>
    internal SocketAddressBuffer Address { get; }

    /// <summary>The <c>errno</c> of the call.</summary>
    internal int Errno { get; }

    /// <summary>The same as .NET's own sockets would report it.</summary>
    internal SocketError SocketError => Errno switch
    {
        Udp.Errno.EACCES or Udp.Errno.EPERM => SocketError.AccessDenied,
        Udp.Errno.EADDRINUSE => SocketError.AddressAlreadyInUse,
        Udp.Errno.EADDRNOTAVAIL => SocketError.AddressNotAvailable,
        Udp.Errno.EAFNOSUPPORT => SocketError.AddressFamilyNotSupported,
        Udp.Errno.EMFILE or Udp.Errno.ENFILE => SocketError.TooManyOpenSockets,
        Udp.Errno.ENOBUFS or Udp.Errno.ENOMEM => SocketError.NoBufferSpaceAvailable,
        Udp.Errno.EINVAL => SocketError.InvalidArgument,
        Udp.Errno.ENOPROTOOPT => SocketError.ProtocolOption,
        Udp.Errno.EOPNOTSUPP => SocketError.OperationNotSupported,
        _ => SocketError.SocketError,
    };

    private static string Explain(string operation, SocketAddressBuffer address, int errno)
    {
        string cause = errno switch
        {
            Udp.Errno.EACCES or Udp.Errno.EPERM when operation == "bind" =>
                $"Ports below the value of net.ipv4.ip_unprivileged_port_start (1024 unless changed) need CAP_NET_BIND_SERVICE. Choose a port of 1024 or above, "
                + "or give the executable the capability with 'setcap cap_net_bind_service=+ep FILE', "
                + $"or run 'sysctl net.ipv4.ip_unprivileged_port_start={Math.Max(address.Port, 1)}'.",
            Udp.Errno.EACCES or Udp.Errno.EPERM => "The process lacks a permission; a container or security policy may forbid the call.",
            Udp.Errno.EADDRINUSE => "Another socket has this port. Stop its owner ('ss -ulpn' names it) or choose another port; port 0 takes any free one.",
            Udp.Errno.EADDRNOTAVAIL => "No interface of this machine has this address ('ip address' lists them), or IPv6 is switched off. "
                + "Use an address of this machine, or 0.0.0.0 or [::] for all.",
            Udp.Errno.EAFNOSUPPORT => "The kernel has no support for this address family. For IPv6, load the ipv6 module or use an IPv4 address.",
            Udp.Errno.EMFILE or Udp.Errno.ENFILE => "Too many files are open. Raise the limit ('ulimit -n', or LimitNOFILE in a systemd unit).",
            Udp.Errno.EINVAL when address.IsIPv6 && operation == "bind" => "A link-local IPv6 address needs its interface, as in fe80::1%eth0.",
            Udp.Errno.ENOPROTOOPT or Udp.Errno.EOPNOTSUPP => "The kernel does not have this option. Set the matching offload to Auto or Off, or use a newer kernel.",
            _ => "The kernel refused the call.",
        };
        return $"{operation} failed for UDP {address}: {Udp.Errno.Describe(errno)}. {cause}";
    }
}
