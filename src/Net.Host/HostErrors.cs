using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Net.Grpc;

namespace Net.Hosting;

/// <summary>The one place that says failures to the person at the terminal.</summary>
internal static class HostErrors
{
    /// <summary>What is shown of a server's words: more than any of ours says.</summary>
    internal const int MaxServerText = 2048;

    private const string CertificateAdvice =
        "Both sides must trust each other: --ca names the authority that signed the server's certificate; --cert and --key name a certificate that the server's --ca signed. `make certs` makes a set that fits.";

    /// <summary>The exit code and the text for a failure that a person can do something about.</summary>
    /// <param name="exception">The failure.</param>
    /// <returns>The code and the text; <c>null</c> when the failure is a fault of the program and its stack trace is worth more.</returns>
    internal static (int ExitCode, string Text)? Describe(Exception exception) => exception switch
    {
        HostException host => (host.ExitCode, host.Message),
        TransportException { Error: TransportError.EngineMissing } => (ExitCodes.EngineMissing, exception.Message),
        TransportException { Error: TransportError.CertificateRejected } => (ExitCodes.Certificate, $"{exception.Message}\n{CertificateAdvice}"),
        TransportException => (ExitCodes.Failure, exception.Message),
        NotSupportedException or ArgumentException => (ExitCodes.Failure, exception.Message),
        IOException or UnauthorizedAccessException => (ExitCodes.Failure, exception.Message),
        OperationCanceledException => (ExitCodes.Failure, "Stopped before it was done."),
        _ => null,
    };

    /// <summary>Adds to a failed connect what a person would look at next.</summary>
    internal static HostException ConnectFailed(TransportException exception, TransportEndPoint endPoint)
    {
        (int code, string advice) = exception.Error switch
        {
            TransportError.CertificateRejected => (ExitCodes.Certificate, CertificateAdvice),
            TransportError.EngineMissing => (ExitCodes.EngineMissing, "`net version` shows which engines run here."),
            _ => (ExitCodes.Failure, $"Is a server listening on UDP port {endPoint.Port}, and does no firewall drop UDP? `net serve --port {endPoint.Port}` starts one."),
        };
        return new HostException(code, $"Cannot connect to {endPoint}: {exception.Message}\n{advice}", exception);
    }

    /// <summary>Says why a gRPC call failed and what a person would look at next.</summary>
    internal static HostException CallFailed(GrpcException exception, TransportEndPoint endPoint)
    {
        string what = $"The call to {endPoint} failed with {exception.Code}: {PlainText.Clean(exception.Status.Message, MaxServerText)}";
        for (Exception? at = exception.InnerException; at is not null; at = at.InnerException)
        {
            if (at is AuthenticationException or TransportException { Error: TransportError.CertificateRejected })
            {
                return new HostException(ExitCodes.Certificate, $"{what}\n{CertificateAdvice}", exception);
            }

            if (at is SocketException or TransportException { Error: TransportError.ConnectFailed })
            {
                return new HostException(ExitCodes.Failure, $"{what}\nIs a server listening on port {endPoint.Port}? `net serve --port {endPoint.Port}` starts one.", exception);
            }
        }

        return new HostException(ExitCodes.Failure, what, exception);
    }

    // errno of Linux: the engine hands it on as it is.
    private const int AccessDenied = 13;
    private const int FamilyNotSupported = 97;
    private const int AddressInUse = 98;
    private const int AddressNotAvailable = 99;

    /// <summary>Says why a port could not be bound and what to do.</summary>
    internal static HostException CannotBind(Exception exception, string transport, IPEndPoint endPoint)
    {
        int error = SocketError(exception);
        string tool = transport == "UDP" ? "-ulpn" : "-tlpn";
        string advice = error switch
        {
            AccessDenied => endPoint.Port < 1024
                ? $"Ports below 1024 need a right. Take another port (--port 8443), give the program the right (sudo setcap cap_net_bind_service=+ep {ProgramPath}), "
                  + $"or lower the limit for everyone (sudo sysctl net.ipv4.ip_unprivileged_port_start={endPoint.Port})."
                : "The system denies it; a security policy or a container's limits may be the reason.",
            AddressInUse => $"Another program has {transport} port {endPoint.Port}: find it with `ss {tool} 'sport = :{endPoint.Port}'`, or take another port (--port 8443; 0 lets the system choose).",
            AddressNotAvailable => $"No network interface of this machine has the address {endPoint.Address}; `ip address` lists those it has, and --address :: takes all.",
            FamilyNotSupported => "This machine has no IPv6; --address 0.0.0.0 takes every IPv4 address.",
            _ => "Take another port with --port, or another address with --address.",
        };
        return new HostException(ExitCodes.CannotBind, $"Cannot listen on {transport} {endPoint}: {exception.Message}\n{advice}", exception);
    }

    /// <summary>Says why the port of health and metrics could not be bound and what to do.</summary>
    internal static HostException CannotBindAdmin(SocketException exception, IPEndPoint endPoint)
    {
        string finding = SocketError(exception) == AddressInUse ? $" Another program has the port: find it with `ss -tlpn 'sport = :{endPoint.Port}'`." : "";
        return new HostException(
            ExitCodes.CannotBind,
            $"Cannot listen on TCP {endPoint} for health and metrics: {exception.Message}\n{finding.TrimStart()} Take another place (--admin 127.0.0.1:9091; port 0 lets the system choose) or do without (--admin none).",
            exception);
    }

    /// <summary>The engine's failure to bind, wherever Kestrel wrapped it; <c>null</c> when that is not the matter.</summary>
    internal static TransportException? FindListenFailure(Exception exception)
    {
        for (Exception? at = exception; at is not null; at = at.InnerException)
        {
            if (at is TransportException { Error: TransportError.ListenFailed } failure)
            {
                return failure;
            }
        }

        return null;
    }

    internal static bool IsAddressInUse(TransportException exception) => SocketError(exception) == AddressInUse;

    private static string ProgramPath => Environment.ProcessPath ?? "net";

    private static int SocketError(Exception exception)
    {
        for (Exception? at = exception; at is not null; at = at.InnerException)
        {
            if (at is TransportException { NativeError: not 0 } transport)
            {
                return transport.NativeError;
            }

            if (at is SocketException socket)
            {
                return socket.NativeErrorCode;
            }
        }

        return 0;
    }
}
