namespace Net.Http3.Interop;

/// <summary>What the decoder remembers of the header sections of one stream. Used under the decoder's lock, but for awaiting <see cref="Progress"/>.</summary>
internal sealed unsafe class QpackFieldSection(long streamId)
{
    private QpackStreamContextHandle? _context;

    /// <summary>The stream.</summary>
    internal long StreamId { get; } = streamId;

    /// <summary>Whether the native state is gone.</summary>
    internal bool IsReleased { get; private set; }

    /// <summary>Completes when a blocked section can be read on, or its connection is over.</summary>
    internal TaskCompletionSource? Progress { get; set; }

    /// <summary>The native state, made when it is first needed.</summary>
    internal nghttp3_qpack_stream_context* Context => (_context ??= new QpackStreamContextHandle(StreamId)).Pointer;

    /// <summary>Frees the native state.</summary>
    internal void Release()
    {
        IsReleased = true;
        _context?.Dispose();
        _context = null;
    }
}
