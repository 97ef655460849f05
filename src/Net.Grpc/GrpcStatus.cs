using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Net.Grpc.Messages;

namespace Net.Grpc;

/// <summary>How a call ended: a code, a message for people, and details for programs.</summary>
/// <param name="Code">The code. A number that gRPC does not know reads as <see cref="GrpcStatusCode.Unknown"/>.</param>
/// <param name="Message">For developers, in any language; empty when there is nothing to say. Never put a secret here: the peer reads it.</param>
public sealed record GrpcStatus(GrpcStatusCode Code, string Message = "")
{
    private const int MaxLoggedLength = 2048;

    /// <summary>Success without a message.</summary>
    public static GrpcStatus Ok { get; } = new(GrpcStatusCode.Ok);

    /// <summary>
    /// What <c>grpc-status-details-bin</c> carries, a serialized <c>google.rpc.Status</c>; empty when there are no details. <see cref="WithDetails"/> makes it,
    /// <see cref="TryGetDetail"/> reads it.
    /// </summary>
    public ReadOnlyMemory<byte> Details { get; init; }

    /// <summary>Whether <see cref="Code"/> is <see cref="GrpcStatusCode.Ok"/>.</summary>
    public bool IsOk => Code == GrpcStatusCode.Ok;

    /// <summary>Makes a status with the same code and message, and with these details.</summary>
    /// <param name="details">Messages that the other side can read by their type.</param>
    /// <returns>The new status.</returns>
    public GrpcStatus WithDetails(params ReadOnlySpan<IMessage> details)
    {
        var status = new Status { Code = (int)Code, Message = Message };
        foreach (IMessage detail in details)
        {
            status.Details.Add(Any.Pack(detail));
        }

        return this with { Details = status.ToByteArray() };
    }

    /// <summary>Finds the first detail of a type.</summary>
    /// <typeparam name="T">A generated message type.</typeparam>
    /// <param name="detail">The detail; a new, empty message when there is none.</param>
    /// <returns>Whether there was one that parses.</returns>
    public bool TryGetDetail<T>(out T detail)
        where T : IMessage<T>, new()
    {
        detail = new T();
        if (Details.IsEmpty)
        {
            return false;
        }

        try
        {
            foreach (Any any in Status.Parser.ParseFrom(Details.Span).Details)
            {
                if (any.Is(detail.Descriptor))
                {
                    detail.MergeFrom(any.Value);
                    return true;
                }
            }
        }
        catch (InvalidProtocolBufferException)
        {
            // The bytes come from the peer: details that do not parse are no details.
            detail = new T();
        }

        return false;
    }

    /// <summary>Compares code, message and the bytes of the details.</summary>
    /// <param name="other">Another status.</param>
    /// <returns>Whether they are the same.</returns>
    public bool Equals(GrpcStatus? other) =>
        other is not null && Code == other.Code && Message == other.Message && Details.Span.SequenceEqual(other.Details.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Code, Message, Details.Length);

    /// <summary>Code and message in a form that can be logged, as the peer may have chosen the message.</summary>
    /// <returns>The text. Control characters of the message, line breaks among them, are replaced (<see cref="PlainText"/>), and 2,048 characters of it are kept; <see cref="Message"/> has it as it came.</returns>
    public override string ToString() => Message.Length == 0 ? Code.ToString() : $"{Code}: {LoggedMessage}";

    /// <summary>The message as it is logged.</summary>
    internal string LoggedMessage => PlainText.Clean(Message, MaxLoggedLength);
}
