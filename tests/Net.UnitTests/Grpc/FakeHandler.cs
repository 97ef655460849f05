using System.Buffers;
using System.Net;
using System.Net.Http;
using Google.Protobuf;
using Net.Grpc;

namespace Net.UnitTests.Grpc;

/// <summary>An HTTP handler that answers as a test says and keeps what it was asked.</summary>
internal sealed class FakeHandler(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> answer) : HttpMessageHandler
{
    internal List<HttpRequestMessage> Requests { get; } = [];

    /// <summary>Answers with messages, and with a status in the trailers.</summary>
    internal static HttpResponseMessage Answer(GrpcStatus? status, params IMessage[] messages)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (IMessage message in messages)
        {
            MessageFraming.Write(bytes, message, GrpcEncoding.Identity, maxSize: null);
        }

        HttpResponseMessage response = Answer(bytes.WrittenSpan.ToArray());
        if (status is not null)
        {
            response.TrailingHeaders.Add("grpc-status", GrpcStatusNames.NumberOf(status.Code));
            response.TrailingHeaders.TryAddWithoutValidation("grpc-message", PercentEncoding.Encode(status.Message));
        }

        return response;
    }

    internal static HttpResponseMessage Answer(byte[] body, HttpStatusCode status = HttpStatusCode.OK, string? contentType = "application/grpc")
    {
        var response = new HttpResponseMessage(status) { Version = HttpVersion.Version20, Content = new ByteArrayContent(body) };
        if (contentType is not null)
        {
            response.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        return response;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Add(request);
        return await answer(request, cancellationToken);
    }
}
