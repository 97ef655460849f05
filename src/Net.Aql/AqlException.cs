using Net.Protocol.Aql;

namespace Net.Aql;

/// <summary>A query was refused or failed, or a store could not be opened.</summary>
public sealed class AqlException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="code">The error.</param>
    /// <param name="message">What, where, and how to mend it.</param>
    /// <param name="innerException">What caused it.</param>
    public AqlException(ErrorCode code, string message, Exception? innerException = null)
        : base(message, innerException) => Code = code;

    /// <summary>Makes an exception of an answer.</summary>
    /// <param name="error">The answer.</param>
    public AqlException(ErrorResponse error)
        : base(error?.Message)
    {
        ArgumentNullException.ThrowIfNull(error);
        Code = error.Code;
        Details = error.HasDetails ? error.Details : null;
        RetryAfter = error.HasRetryAfter ? TimeSpan.FromSeconds(error.RetryAfter) : null;
    }

    /// <summary>The error.</summary>
    public ErrorCode Code { get; }

    /// <summary>What a caller can do about it.</summary>
    public ErrorCategory Category => AqlErrors.Find(Code).Category;

    /// <summary>The gRPC status it stands for.</summary>
    public AqlStatus Status => AqlErrors.Find(Code).Status;

    /// <summary>More about where it went wrong, for a log or a person; <c>null</c>: nothing.</summary>
    public string? Details { get; init; }

    /// <summary>How long to wait before another attempt; <c>null</c>: no advice.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Writes the error as an answer.</summary>
    /// <returns>A new message.</returns>
    public ErrorResponse ToResponse()
    {
        var response = new ErrorResponse { Code = Code, Message = Message, Category = Category };
        if (Details is not null)
        {
            response.Details = Details;
        }

        if (RetryAfter is TimeSpan wait)
        {
            response.RetryAfter = (uint)Math.Clamp(Math.Ceiling(wait.TotalSeconds), 0, uint.MaxValue);
        }

        return response;
    }
}
