using System.Runtime.InteropServices;

namespace Net.Chaos.Udp.Sockets;

/// <summary>The native memory of one receive batch: headers, addresses, control messages and payloads. One thread uses it for all its sockets in turn.</summary>
internal sealed unsafe class ReceiveBuffers : IDisposable
{
    /// <summary>Messages of one call; with coalescing each holds up to 64 datagrams.</summary>
    internal const int Count = 16;

    internal const int NameBytes = 28;

    private const int ControlBytes = 128;
    private const int PayloadBytes = 64 * 1024;
    private void* _memory;

    internal ReceiveBuffers()
    {
        int each = sizeof(MultipleMessageHeader) + sizeof(IoVector) + 32 + ControlBytes + PayloadBytes;
        _memory = NativeMemory.AllocZeroed((nuint)(Count * each) + 64);
        Messages = (MultipleMessageHeader*)_memory;
        var vectors = (IoVector*)(Messages + Count);
        byte* names = (byte*)(vectors + Count);
        byte* control = names + (Count * 32);
        byte* payload = control + (Count * ControlBytes);
        for (int i = 0; i < Count; i++)
        {
            vectors[i] = new IoVector { Base = payload + (i * PayloadBytes), Length = PayloadBytes };
            Messages[i].Header.Vectors = vectors + i;
            Messages[i].Header.VectorCount = 1;
            Messages[i].Header.Name = names + (i * 32);
            Messages[i].Header.Control = control + (i * ControlBytes);
        }
    }

    internal MultipleMessageHeader* Messages { get; }

    /// <summary>Restores what the kernel overwrites.</summary>
    internal void Reset(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Messages[i].Header.NameLength = NameBytes;
            Messages[i].Header.ControlLength = ControlBytes;
            Messages[i].Header.Flags = 0;
        }
    }

    public void Dispose()
    {
        NativeMemory.Free(_memory);
        _memory = null;
    }
}
