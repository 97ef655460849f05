using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Udp;

/// <summary>The C library calls of the UDP layer. Each returns -1 and sets the last P/Invoke error to <c>errno</c> when it fails.</summary>
/// <remarks>The runtime resolves the name "libc" to the C library the process runs on, glibc or musl.</remarks>
internal static unsafe partial class Libc
{
    private const string Library = "libc";

    /// <summary><c>int socket(int domain, int type, int protocol);</c></summary>
    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    internal static partial int Socket(int domain, int type, int protocol);

    /// <summary><c>int bind(int fd, const struct sockaddr *addr, socklen_t len);</c></summary>
    [LibraryImport(Library, EntryPoint = "bind", SetLastError = true)]
    internal static partial int Bind(int descriptor, SocketAddressBuffer* address, uint length);

    /// <summary><c>int connect(int fd, const struct sockaddr *addr, socklen_t len);</c></summary>
    [LibraryImport(Library, EntryPoint = "connect", SetLastError = true)]
    internal static partial int Connect(int descriptor, SocketAddressBuffer* address, uint length);

    /// <summary><c>int getsockname(int fd, struct sockaddr *addr, socklen_t *len);</c></summary>
    [LibraryImport(Library, EntryPoint = "getsockname", SetLastError = true)]
    internal static partial int GetSocketName(int descriptor, SocketAddressBuffer* address, uint* length);

    /// <summary><c>int setsockopt(int fd, int level, int optname, const void *optval, socklen_t optlen);</c></summary>
    [LibraryImport(Library, EntryPoint = "setsockopt", SetLastError = true)]
    internal static partial int SetSocketOption(int descriptor, int level, int name, void* value, uint length);

    /// <summary><c>int getsockopt(int fd, int level, int optname, void *optval, socklen_t *optlen);</c></summary>
    [LibraryImport(Library, EntryPoint = "getsockopt", SetLastError = true)]
    internal static partial int GetSocketOption(int descriptor, int level, int name, void* value, uint* length);

    /// <summary><c>int recvmmsg(int fd, struct mmsghdr *vec, unsigned int n, int flags, struct timespec *timeout);</c></summary>
    [LibraryImport(Library, EntryPoint = "recvmmsg", SetLastError = true)]
    internal static partial int ReceiveMessages(int descriptor, MultipleMessageHeader* messages, uint count, int flags, TimeSpecification* timeout);

    /// <summary><c>ssize_t recvmsg(int fd, struct msghdr *msg, int flags);</c></summary>
    [LibraryImport(Library, EntryPoint = "recvmsg", SetLastError = true)]
    internal static partial nint ReceiveMessage(int descriptor, MessageHeader* message, int flags);

    /// <summary><c>ssize_t sendmsg(int fd, const struct msghdr *msg, int flags);</c></summary>
    [LibraryImport(Library, EntryPoint = "sendmsg", SetLastError = true)]
    internal static partial nint SendMessage(int descriptor, MessageHeader* message, int flags);

    /// <summary><c>int epoll_create1(int flags);</c></summary>
    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    internal static partial int CreatePoll(int flags);

    /// <summary><c>int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);</c></summary>
    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    internal static partial int ControlPoll(int poll, int operation, int descriptor, byte* pollEvent);

    /// <summary><c>int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout);</c></summary>
    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    internal static partial int WaitForEvents(int poll, byte* events, int count, int timeoutMilliseconds);

    /// <summary><c>int timerfd_create(int clockid, int flags);</c></summary>
    [LibraryImport(Library, EntryPoint = "timerfd_create", SetLastError = true)]
    internal static partial int CreateTimer(int clock, int flags);

    /// <summary><c>int timerfd_settime(int fd, int flags, const struct itimerspec *new_value, struct itimerspec *old_value);</c></summary>
    [LibraryImport(Library, EntryPoint = "timerfd_settime", SetLastError = true)]
    internal static partial int SetTimer(SafeHandle timer, int flags, TimerSpecification* time, TimerSpecification* oldTime);

    /// <summary><c>int eventfd(unsigned int initval, int flags);</c></summary>
    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    internal static partial int CreateEvent(uint initialValue, int flags);

    /// <summary><c>ssize_t read(int fd, void *buf, size_t count);</c></summary>
    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(SafeHandle descriptor, void* buffer, nuint count);

    /// <summary><c>ssize_t write(int fd, const void *buf, size_t count);</c></summary>
    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(SafeHandle descriptor, void* buffer, nuint count);

    /// <summary><c>int close(int fd);</c></summary>
    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int descriptor);
}
