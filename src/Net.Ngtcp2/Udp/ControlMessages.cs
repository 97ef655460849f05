namespace Net.Ngtcp2.Udp;

/// <summary>Writes the control messages of one sendmsg call into memory that is large enough for all of them (cmsg(3)).</summary>
internal unsafe ref struct ControlMessageWriter
{
    /// <summary>Room for a local address (40), an ECN mark (24) and a segment size (24).</summary>
    internal const int MaxBytes = 88;

    private readonly byte* _start;
    private int _length;

    internal ControlMessageWriter(byte* start) => _start = start;

    internal readonly int Length => _length;

    internal void Write<T>(int level, int type, T value)
        where T : unmanaged
    {
        ControlMessageHeader* header = (ControlMessageHeader*)(_start + _length);
        header->Length = (nuint)(sizeof(ControlMessageHeader) + sizeof(T));
        header->Level = level;
        header->Type = type;
        *(T*)(header + 1) = value;
        _length += ControlMessages.Align(sizeof(ControlMessageHeader) + sizeof(T));
    }
}

/// <summary>Walks over the control messages of a received message (cmsg(3)).</summary>
internal unsafe ref struct ControlMessageReader
{
    private readonly byte* _end;
    private byte* _next;

    internal ControlMessageReader(byte* start, nuint length)
    {
        _next = start;
        _end = start + length;
        Header = null;
    }

    internal ControlMessageHeader* Header { get; private set; }

    internal readonly byte* Data => (byte*)(Header + 1);

    internal readonly int DataLength => (int)Header->Length - sizeof(ControlMessageHeader);

    internal bool MoveNext()
    {
        if (_end - _next < sizeof(ControlMessageHeader))
        {
            return false;
        }

        ControlMessageHeader* header = (ControlMessageHeader*)_next;
        if (header->Length < (nuint)sizeof(ControlMessageHeader) || header->Length > (nuint)(_end - _next))
        {
            return false;
        }

        Header = header;
        _next += ControlMessages.Align((int)header->Length);
        return true;
    }
}

/// <summary>The alignment of control messages: that of size_t.</summary>
internal static class ControlMessages
{
    internal static unsafe int Align(int length) => (length + sizeof(nuint) - 1) & ~(sizeof(nuint) - 1);
}
