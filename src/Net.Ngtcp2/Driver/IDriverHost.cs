using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Net.Ngtcp2.Udp;

namespace Net.Ngtcp2.Driver;

/// <summary>What a driver needs of the world: time, chance, a way out for datagrams, and a queue that leads onto its own thread. The UDP loop is one; a simulated network is another.</summary>
internal interface IDriverHost
{
    /// <summary>Monotonic time in nanoseconds; never steps back.</summary>
    ulong Now { get; }

    /// <summary>Wall-clock time, for tokens and certificates.</summary>
    TimeProvider TimeProvider { get; }

    /// <summary>Where events of connections are logged. Default: nowhere.</summary>
    ILogger Logger => NullLogger.Instance;

    /// <summary>Fills memory with random bytes that nobody outside can guess; they become connection ids and the library's own dice. Called on the driver's thread.</summary>
    void FillRandom(Span<byte> destination);

    /// <summary>Sends one batch of datagrams: each <paramref name="segmentSize"/> bytes long but the last, which may be shorter. The data is copied or sent before it returns.</summary>
    void Send(int socket, in SocketAddressBuffer local, in SocketAddressBuffer remote, byte ecn, ReadOnlySpan<byte> data, int segmentSize);

    /// <summary>Runs work on the driver's thread, soon and in order. Any thread may call it. After the host has ended <see cref="IDriverWork.Drop"/> is called instead.</summary>
    void Post(IDriverWork work);

    /// <summary>Opens a socket for one connection, for migration or a wanted local address. The address returned is the one that datagrams to the remote address leave from.</summary>
    /// <returns>The socket's number and its real address.</returns>
    (int Socket, SocketAddressBuffer Local) OpenSocketFor(System.Net.IPEndPoint local, in SocketAddressBuffer remote);

    /// <summary>Gives back a socket from <see cref="OpenSocketFor"/>.</summary>
    void CloseSocket(int socket);
}

/// <summary>Something to do on a driver's thread.</summary>
internal interface IDriverWork
{
    /// <summary>Does it. Must not throw for anything a peer or caller can cause.</summary>
    void Run();

    /// <summary>Is called instead of <see cref="Run"/>, on any thread, when the host has ended: whoever waits for the work must not wait for ever.</summary>
    void Drop()
    {
    }
}
