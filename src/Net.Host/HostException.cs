namespace Net.Hosting;

/// <summary>A failure whose message is written for the person at the terminal, with the code that the process ends with.</summary>
internal sealed class HostException(int exitCode, string message, Exception? innerException = null) : Exception(message, innerException)
{
    internal int ExitCode { get; } = exitCode;
}
