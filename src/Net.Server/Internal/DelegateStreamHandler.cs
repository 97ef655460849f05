namespace Net.Server;

/// <summary>A handler that is a method.</summary>
internal sealed class DelegateStreamHandler(Func<RawStreamContext, Task> handler) : IRawStreamHandler
{
    public Task HandleAsync(RawStreamContext stream) => handler(stream);
}
