using System.Buffers;
using System.Net;

namespace Net.UnitTests.Http3;

/// <summary>Content of unknown length that a test writes.</summary>
internal sealed class WriterContent(Func<IBufferWriter<byte>, Stream, Task> write) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => write((IBufferWriter<byte>)stream, stream);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
