using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Udp;

/// <summary>A non-blocking UDP socket of Linux with segmentation offload, receive coalescing, ECN marks, local addresses and an error queue.</summary>
/// <remarks>
/// One thread owns it: all calls but the reading of <see cref="Counters"/> come from the thread that first sends or receives; debug builds
/// check that. Sending and receiving allocate nothing. Datagrams carry the don't-fragment bit and ignore the kernel's own path-MTU cache, so
/// that the caller may probe (RFC 8899 section 4.4); a datagram that is too large for the interface is counted, not sent.
/// </remarks>
internal sealed unsafe partial class UdpSocket : IDisposable
{
    // How often a call is repeated for an error that belonged to an earlier datagram. One repetition clears one ICMP error; the second is for
    // an ICMP message that arrives in between.
    private const int PendingErrorRetries = 2;

    private readonly FileDescriptorHandle _handle;
    private readonly NativeBlock _block;
    private readonly bool _isIPv6Socket;
    private readonly bool _isBoundToAddress;
    private readonly SocketAddressBuffer _localAddress;
    private int _descriptor;
    private int _ownerThread;

    private UdpSocket(FileDescriptorHandle handle, UdpSocketOptions options, UdpSocketSetup setup)
    {
        _handle = handle;
        _descriptor = handle.Descriptor;
        _isIPv6Socket = setup.Requested.IsIPv6;
        _isBoundToAddress = !setup.Requested.IsWildcard;
        _localAddress = setup.Bound;
        _segmentationEnabled = setup.HasSegmentation;
        _ecnEnabled = options.Ecn;
        HasReceiveOffload = setup.HasReceiveOffload;
        SendBufferBytes = setup.SendBufferBytes;
        ReceiveBufferBytes = setup.ReceiveBufferBytes;
        ReceiveBatchSize = options.ReceiveBatchSize
            ?? (HasReceiveOffload ? UdpSocketOptions.CoalescedBatchSize : UdpSocketOptions.SingleBatchSize);
        _block = new NativeBlock(ReceiveLayout.BytesFor(ReceiveBatchSize));
        _messages = ReceiveLayout.Build(_block.Pointer, ReceiveBatchSize);
    }

    /// <summary>Whether <see cref="Dispose"/> was called.</summary>
    internal bool IsDisposed => _descriptor < 0;

    /// <summary>The descriptor, for epoll. It stays the socket's property.</summary>
    internal int Descriptor => _descriptor;

    /// <summary>Where the socket is bound, with the port the kernel chose if port 0 was asked for.</summary>
    internal SocketAddressBuffer LocalAddress => _localAddress;

    /// <summary>IPv4, or IPv6 for dual-stack sockets too.</summary>
    internal AddressFamily Family => _isIPv6Socket ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;

    /// <summary>Whether batches leave in one call. It turns false when the kernel refuses that on this socket.</summary>
    internal bool HasSegmentationOffload => _segmentationEnabled;

    /// <summary>Whether datagrams may arrive coalesced.</summary>
    internal bool HasReceiveOffload { get; }

    /// <summary>Whether ECN marks are sent. It turns false when the kernel refuses them.</summary>
    internal bool SendsEcn => _ecnEnabled;

    /// <summary>The send buffer the kernel gave, in its own accounting: twice what was granted (socket(7)).</summary>
    internal int SendBufferBytes { get; }

    /// <summary>The receive buffer the kernel gave, in its own accounting: twice what was granted (socket(7)).</summary>
    internal int ReceiveBufferBytes { get; }

    /// <summary>Messages one receive call takes at most.</summary>
    internal int ReceiveBatchSize { get; }

    /// <summary>What the socket has done so far.</summary>
    internal UdpCounters Counters { get; } = new();

    /// <summary>Opens and binds a socket.</summary>
    /// <returns>The socket; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="UdpBindException">The kernel refused: the port is taken, not allowed, or the address is not this machine's, and so on.</exception>
    internal static UdpSocket Open(UdpSocketOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        SocketAddressBuffer requested = SocketAddressBuffer.From(options.LocalEndPoint);
        int family = requested.IsIPv6 ? LinuxSocket.AF_INET6 : LinuxSocket.AF_INET;
        int descriptor = Libc.Socket(family, LinuxSocket.SOCK_DGRAM | LinuxSocket.SOCK_NONBLOCK | LinuxSocket.SOCK_CLOEXEC, 0);
        if (descriptor < 0)
        {
            throw new UdpBindException("socket", requested, Marshal.GetLastPInvokeError());
        }

        FileDescriptorHandle handle = new(descriptor);
        try
        {
            UdpSocketSetup setup = new(descriptor, requested);
            setup.Apply(options);
            return new UdpSocket(handle, options, setup);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Closes the descriptor and frees the buffers. May be called twice. Leave the <see cref="Poller"/> first.</summary>
    /// <remarks>Called by a datagram handler, it takes effect when the handler returns; the datagrams left over are lost.</remarks>
    public void Dispose()
    {
        _descriptor = -1;
        if (!_isReceiving)
        {
            Release();
        }
    }

    private void Release()
    {
        _handle.Dispose();
        _block.Dispose();
    }

    [Conditional("DEBUG")]
    private void AssertOwner()
    {
        int current = Environment.CurrentManagedThreadId;
        int owner = Interlocked.CompareExchange(ref _ownerThread, current, 0);
        Debug.Assert(owner == 0 || owner == current, $"Thread {current} uses a UDP socket that thread {owner} owns.");
    }
}
