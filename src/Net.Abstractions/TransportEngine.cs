using System.Diagnostics;

namespace Net;

/// <summary>An implementation of QUIC.</summary>
/// <remarks>Thread-safe. One engine serves a whole process: make one, share it, dispose it last.</remarks>
public abstract class TransportEngine : IAsyncDisposable
{
    /// <summary>Short name, such as <c>ngtcp2</c> or <c>msquic</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Whether it runs here, and why not.</summary>
    public abstract EngineSupport Support { get; }

    /// <summary>What it can do.</summary>
    public abstract EngineCapabilities Capabilities { get; }

    /// <summary>Opens a connection and does the handshake.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <returns>
    /// The connection, which the caller owns. The server has accepted this side's certificate if it asked for one; on an engine without
    /// <see cref="EngineCapabilities.ConfirmedConnect"/> its refusal ends the connection a moment later instead.
    /// With <see cref="ConnectOptions.AllowEarlyData"/> and a usable ticket it is returned before the server has answered.
    /// </returns>
    /// <exception cref="ArgumentException">The options are out of range; the message lists every fault.</exception>
    /// <exception cref="NotSupportedException">The options ask for what <see cref="Capabilities"/> lacks.</exception>
    /// <exception cref="TransportException">
    /// <see cref="TransportError.EngineMissing"/>, <see cref="TransportError.ConnectFailed"/> or <see cref="TransportError.CertificateRejected"/>.
    /// </exception>
    public async ValueTask<TransportConnection> ConnectAsync(ConnectOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        ThrowIfUnsupported();
        using Activity? activity = TransportDiagnostics.StartConnect(Name, options);
        long started = Stopwatch.GetTimestamp();
        bool succeeded = false;
        try
        {
            TransportConnection connection = await ConnectCoreAsync(options, cancellationToken).ConfigureAwait(false);
            TransportDiagnostics.ConnectSucceeded(activity, connection);
            succeeded = true;
            return connection;
        }
        catch (Exception exception)
        {
            TransportDiagnostics.ConnectFailed(activity, exception);
            throw;
        }
        finally
        {
            TransportDiagnostics.RecordConnect(Name, Stopwatch.GetElapsedTime(started), succeeded);
        }
    }

    /// <summary>Binds a port and takes connections.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The listener, which the caller owns.</returns>
    /// <exception cref="ArgumentException">The options are out of range; the message lists every fault.</exception>
    /// <exception cref="NotSupportedException">The options ask for what <see cref="Capabilities"/> lacks.</exception>
    /// <exception cref="TransportException"><see cref="TransportError.EngineMissing"/> or <see cref="TransportError.ListenFailed"/>.</exception>
    public ValueTask<TransportListener> ListenAsync(ListenOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        ThrowIfUnsupported();
        return ListenCoreAsync(options, cancellationToken);
    }

    /// <summary>Closes every connection and listener of the engine and ends its threads. May be called twice.</summary>
    /// <returns>A task.</returns>
    public abstract ValueTask DisposeAsync();

    /// <summary>Opens a connection; options are validated and the engine is supported.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The connection.</returns>
    protected abstract ValueTask<TransportConnection> ConnectCoreAsync(ConnectOptions options, CancellationToken cancellationToken);

    /// <summary>Binds a port; options are validated and the engine is supported.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The listener.</returns>
    protected abstract ValueTask<TransportListener> ListenCoreAsync(ListenOptions options, CancellationToken cancellationToken);

    private void ThrowIfUnsupported()
    {
        EngineSupport support = Support;
        if (!support.IsSupported)
        {
            throw new TransportException(TransportError.EngineMissing, $"The {Name} engine cannot run here: {support.Reason}");
        }
    }
}
