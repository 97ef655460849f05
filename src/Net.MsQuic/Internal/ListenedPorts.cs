using System.Runtime.InteropServices;

namespace Net.MsQuic.Internal;

/// <summary>The UDP ports that listeners of this process hold.</summary>
/// <remarks>
/// The library lets several listeners of one process share a port, each with application protocols of its own. It shares it as readily with any other process that allows
/// it, and then each is sent a part of the packets. Only who knows the own ports can tell the two apart.
/// </remarks>
internal static class ListenedPorts
{
    private static readonly Lock s_lock = new();
    private static readonly Dictionary<int, int> s_listeners = [];

    internal static bool Contains(int port)
    {
        lock (s_lock)
        {
            return s_listeners.ContainsKey(port);
        }
    }

    internal static void Add(int port)
    {
        lock (s_lock)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(s_listeners, port, out _)++;
        }
    }

    internal static void Remove(int port)
    {
        lock (s_lock)
        {
            if (--s_listeners[port] == 0)
            {
                s_listeners.Remove(port);
            }
        }
    }
}
