using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Udp;

/// <summary>Room for an array of <c>struct epoll_event { uint32_t events; epoll_data_t data; }</c>, which is packed on x86-64 and nowhere else.</summary>
internal static unsafe class EventBuffer
{
    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Bytes of one event.</summary>
    internal static int Stride => IsPacked ? 12 : 16;

    private static int DataOffset => IsPacked ? 4 : 8;

    internal static void Write(byte* place, uint events, long data)
    {
        *(uint*)place = events;
        *(long*)(place + DataOffset) = data;
    }

    internal static uint EventsAt(byte* buffer, int index) => *(uint*)(buffer + (index * Stride));

    internal static long DataAt(byte* buffer, int index) => *(long*)(buffer + (index * Stride) + DataOffset);
}
