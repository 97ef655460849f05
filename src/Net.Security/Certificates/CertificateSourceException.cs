namespace Net.Security;

/// <summary>What a source read cannot be used. The message says what is wrong where, and how to mend it; it holds no secret.</summary>
public sealed class CertificateSourceException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="fault">The kind of fault.</param>
    /// <param name="message">What is wrong where, and how to mend it.</param>
    /// <param name="innerException">What was thrown first, if anything.</param>
    public CertificateSourceException(CertificateFault fault, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Fault = fault;
    }

    /// <summary>The kind of fault.</summary>
    public CertificateFault Fault { get; }
}
