using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Net;

/// <summary>The encrypted byte pipe beneath a <see cref="TcpConnection"/>, and what its handshake found out. The connection owns it.</summary>
internal abstract class TcpLink : IAsyncDisposable
{
    internal abstract PipeReader Input { get; }

    internal abstract PipeWriter Output { get; }

    internal required IPEndPoint LocalEndPoint { get; init; }

    internal required IPEndPoint RemoteEndPoint { get; init; }

    internal required string? ServerName { get; init; }

    internal required string? CipherSuite { get; init; }

    internal X509Certificate2? PeerCertificate { get; init; }

    internal IReadOnlyList<ReadOnlyMemory<byte>> PeerCertificateChain { get; init; } = [];

    internal long IdentityGeneration { get; init; }

    /// <summary>Says that nothing more will be sent; reading goes on.</summary>
    internal abstract ValueTask EndSendingAsync();

    /// <summary>Ends both directions at once; waits in <see cref="Input"/> and <see cref="Output"/> fail. May be called twice.</summary>
    internal abstract void Abort();

    /// <summary>Frees the socket.</summary>
    public abstract ValueTask DisposeAsync();
}
