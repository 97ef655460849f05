namespace Net.Chaos.Proxy;

/// <summary>What a toxic really did. A fault is counted when it has happened, never when it was only due.</summary>
public enum FaultKind
{
    /// <summary>A packet, a datagram or a chunk of bytes was not passed on.</summary>
    Dropped,

    /// <summary>Data was held back for a time.</summary>
    Delayed,

    /// <summary>A datagram was sent once more.</summary>
    Duplicated,

    /// <summary>A datagram was overtaken by a later one.</summary>
    Reordered,

    /// <summary>Bytes of a datagram were changed.</summary>
    Corrupted,

    /// <summary>A datagram found the queue of a slow link full.</summary>
    QueueFull,

    /// <summary>A connection was closed.</summary>
    Closed,

    /// <summary>A connection was reset.</summary>
    Reset,

    /// <summary>A chunk of bytes was cut into smaller ones.</summary>
    Sliced,

    /// <summary>A session got another source address towards the server.</summary>
    Rebound,

    /// <summary>A captured datagram was sent again from another address.</summary>
    Replayed,

    /// <summary>A packet that nobody had sent was put on the wire.</summary>
    Injected,

    /// <summary>The ECN mark of a datagram was changed.</summary>
    Marked,
}
