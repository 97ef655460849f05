using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Net.Server.Kestrel;

/// <summary>Asks Kestrel's TLS callback for the options of each handshake of one port, so that a certificate that is exchanged is used by the very next one.</summary>
/// <param name="callback">What <c>UseHttps</c> made of the application's settings.</param>
/// <param name="local">The port.</param>
/// <param name="intermediates">Where to look for intermediates of a certificate that comes without them.</param>
/// <param name="logger">Category <c>Net.Server</c>.</param>
internal sealed class HandshakeTls(TlsConnectionCallbackOptions callback, IPEndPoint local, X509Certificate2Collection intermediates, ILogger logger)
{
    // The engine's thread waits meanwhile, and every connection of it.
    private static readonly TimeSpan CallbackTimeout = TimeSpan.FromSeconds(2);

    private readonly SslOptionsTranslator _translator = new(intermediates);
    private int _isWaitLogged;

    /// <summary>The options of one handshake, or <c>null</c> to refuse the client.</summary>
    internal ServerTlsOptions? Select(in ClientHello hello)
    {
        try
        {
            SslServerAuthenticationOptions options = Ask(hello);
            return _translator.Translate(options, hello.ServerName ?? "");
        }
#pragma warning disable CA1031 // A callback's failure refuses this client alone; the log is the only place that can tell.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            string asked = PlainText.Clean(hello.ServerName);
            ServerLog.TlsCallbackFailed(logger, hello.RemoteEndPoint, local, asked, exception);
            return null;
        }
    }

    private SslServerAuthenticationOptions Ask(in ClientHello hello)
    {
        // Without a limit of its own a callback that waits would hold the port for ever; the source has no timer until it is needed.
        using var limit = new CancellationTokenSource();
        ValueTask<SslServerAuthenticationOptions> answer = callback.OnConnection(
            new TlsConnectionCallbackContext
            {
                ClientHelloInfo = new SslClientHelloInfo(hello.ServerName ?? "", SslProtocols.Tls13),
                State = callback.OnConnectionState,
                Connection = new HandshakeContext(local, hello.RemoteEndPoint),
            },
            limit.Token);
        if (answer.IsCompleted)
        {
            return answer.GetAwaiter().GetResult();
        }

        if (Interlocked.Exchange(ref _isWaitLogged, 1) == 0)
        {
            ServerLog.TlsCallbackWaits(logger, local, CallbackTimeout);
        }

        Task<SslServerAuthenticationOptions> task = answer.AsTask();
        limit.CancelAfter(CallbackTimeout);
        if (!task.Wait(CallbackTimeout))
        {
            throw new TimeoutException($"The TLS callback did not answer within {CallbackTimeout.TotalSeconds:0} s.");
        }

        return task.GetAwaiter().GetResult();
    }
}
