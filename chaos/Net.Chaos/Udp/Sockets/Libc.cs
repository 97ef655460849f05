using System.Runtime.InteropServices;

namespace Net.Chaos.Udp.Sockets;

/// <summary>The calls of Linux that .NET's sockets do not offer: batches of datagrams with their marks, and waiting for many sockets.</summary>
/// <remarks>Each returns -1 and sets the last P/Invoke error when it fails.</remarks>
internal static unsafe partial class Libc
{
    internal const int EINTR = 4;
    internal const int EAGAIN = 11;

    private const string Library = "libc";

    /// <summary><c>int recvmmsg(int fd, struct mmsghdr *vec, unsigned int n, int flags, struct timespec *timeout);</c></summary>
    [LibraryImport(Library, EntryPoint = "recvmmsg", SetLastError = true)]
    internal static partial int ReceiveMessages(SafeHandle descriptor, MultipleMessageHeader* messages, uint count, int flags, TimeSpecification* timeout);

    /// <summary><c>ssize_t sendmsg(int fd, const struct msghdr *msg, int flags);</c></summary>
    [LibraryImport(Library, EntryPoint = "sendmsg", SetLastError = true)]
    internal static partial nint SendMessage(SafeHandle descriptor, MessageHeader* message, int flags);

    /// <summary><c>int epoll_create1(int flags);</c></summary>
    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    internal static partial int CreatePoll(int flags);

    /// <summary><c>int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);</c></summary>
    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    internal static partial int ControlPoll(SafeHandle poll, int operation, SafeHandle descriptor, byte* pollEvent);

    /// <summary><c>int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout);</c></summary>
    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    internal static partial int WaitForEvents(SafeHandle poll, byte* events, int count, int timeoutMilliseconds);

    /// <summary><c>int ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *timeout, const sigset_t *sigmask);</c></summary>
    [LibraryImport(Library, EntryPoint = "ppoll", SetLastError = true)]
    internal static partial int Poll(PollDescriptor* descriptors, nuint count, TimeSpecification* timeout, void* signals);

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
    internal static partial int Close(nint descriptor);
}
