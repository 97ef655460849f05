using System.IO.Pipelines;
using System.Security.Cryptography.X509Certificates;

namespace Net.Grpc;

/// <summary>One HTTP request and its response, as far as gRPC needs them. A server implements it over its own types.</summary>
internal abstract class GrpcServerExchange
{
    internal abstract PipeReader Input { get; }

    /// <summary>The response. A flush sends its headers too, and ends when the client reads on or is gone.</summary>
    internal abstract PipeWriter Output { get; }

    /// <summary>Cancelled when the client is gone or has reset the stream.</summary>
    internal abstract CancellationToken Aborted { get; }

    internal abstract string PeerAddress { get; }

    internal abstract int PeerPort { get; }

    internal abstract string? Authority { get; }

    internal abstract X509Certificate2? ClientCertificate { get; }

    internal abstract IServiceProvider? Services { get; }

    /// <summary>The server's own object for the request.</summary>
    internal abstract object? Host { get; }

    /// <summary>The value of a header, joined with commas when it stands several times; <c>null</c> when it is missing.</summary>
    internal abstract string? GetRequestHeader(string name);

    internal abstract void CopyRequestHeaders(GrpcMetadata target);

    /// <summary>Adds a header of the response, which has not begun.</summary>
    internal abstract void AppendResponseHeader(string name, string value);

    internal abstract void AppendTrailer(string name, string value);

    /// <summary>Ends request and response at once, without a status.</summary>
    internal abstract void Abort();

    /// <summary>Sends all that is left, with the trailers, while the handler still runs.</summary>
    internal abstract Task CompleteResponseAsync();

    /// <summary>Whether each call is to complete its response before it returns, as the server may not be able to after it.</summary>
    internal virtual bool MustCompleteResponse => false;

    /// <summary>Completes when the stream that carries the call is over in both directions; <c>null</c> where that is not known.</summary>
    internal virtual Task? WhenStreamOver() => null;
}
