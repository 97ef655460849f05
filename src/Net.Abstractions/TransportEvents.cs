namespace Net;

/// <summary>Calls the handlers of a connection's events, for engines. What a handler throws is its own fault: the others are called, and connection and process go on.</summary>
/// <remarks>Every failure is counted in <c>transport.event_handler.failures</c>, see <see cref="TransportDiagnostics"/>.</remarks>
public static class TransportEvents
{
    /// <summary>Calls each handler in turn. Never throws.</summary>
    /// <param name="engine">Name of the engine.</param>
    /// <param name="handlers">The handlers; <c>null</c> when there are none.</param>
    /// <param name="connection">Whose event it is.</param>
    /// <param name="args">What it tells.</param>
    /// <param name="failed">Is given what a handler threw, such as to log it; must not throw itself. <c>null</c>: it is only counted.</param>
    public static void Raise(string engine, EventHandler? handlers, TransportConnection connection, EventArgs args, Action<Exception>? failed = null)
    {
        foreach (EventHandler handler in Delegate.EnumerateInvocationList(handlers))
        {
            try
            {
                handler(connection, args);
            }
            catch (Exception exception)
            {
                Note(engine, exception, failed);
            }
        }
    }

    /// <inheritdoc cref="Raise(string, EventHandler?, TransportConnection, EventArgs, Action{Exception}?)"/>
    /// <typeparam name="TArgs">The kind of event.</typeparam>
    public static void Raise<TArgs>(string engine, EventHandler<TArgs>? handlers, TransportConnection connection, TArgs args, Action<Exception>? failed = null)
    {
        foreach (EventHandler<TArgs> handler in Delegate.EnumerateInvocationList(handlers))
        {
            try
            {
                handler(connection, args);
            }
            catch (Exception exception)
            {
                Note(engine, exception, failed);
            }
        }
    }

    private static void Note(string engine, Exception exception, Action<Exception>? failed)
    {
        TransportDiagnostics.EventHandlerFailed(engine, exception);
        failed?.Invoke(exception);
    }
}
