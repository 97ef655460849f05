using System.Buffers;
using Microsoft.Extensions.Logging;
using Net.Server.Kestrel.Checking;

namespace Net.Server.Kestrel;

/// <summary>What all connections of one port share.</summary>
/// <param name="Options">The transport's options.</param>
/// <param name="TimeProvider">The clock of every limit.</param>
/// <param name="Logger">Category <c>Net.Server</c>.</param>
/// <param name="MemoryPool">Blocks for request bodies; the listener owns it.</param>
/// <param name="FieldLimits">How much of a field section is judged before Kestrel sees it.</param>
internal sealed record ListenerScope(NetTransportOptions Options, TimeProvider TimeProvider, ILogger Logger, MemoryPool<byte> MemoryPool, FieldSectionLimits FieldLimits);
