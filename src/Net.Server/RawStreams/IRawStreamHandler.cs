namespace Net.Server;

/// <summary>Serves the raw streams of one route.</summary>
public interface IRawStreamHandler
{
    /// <summary>Serves one stream. Called from many threads at once.</summary>
    /// <remarks>
    /// It runs on the thread that received the stream until its first wait. When <see cref="TransportOptions.InlineContinuations"/> is on, that is the engine's own thread
    /// and it must neither block nor compute for long; otherwise only itself is held up.
    /// </remarks>
    /// <param name="stream">The stream, valid until the task ends.</param>
    /// <returns>A task. The stream ends when it does: with FIN when it ends well, reset with <see cref="RawStreamErrorCodes.HandlerFailed"/> when it fails.</returns>
    Task HandleAsync(RawStreamContext stream);
}
