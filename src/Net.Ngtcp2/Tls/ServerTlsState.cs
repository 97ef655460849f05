using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Net.Ngtcp2.Interop;

namespace Net.Ngtcp2.Tls;

/// <summary>What the engine derives from one <see cref="ServerTlsOptions"/> instance: credentials, ticket keys, anti-replay guard. Kept as long as the options.</summary>
internal sealed class ServerTlsState
{
    /// <summary>Tickets are good for a day, at most: then the client proves its key anew.</summary>
    public const int TicketLifetimeSeconds = 24 * 60 * 60;

    private static readonly ConditionalWeakTable<ServerTlsOptions, ServerTlsState> States = [];

    private readonly byte[]? _ticketSecret;
    private readonly ConcurrentDictionary<string, GnuTlsTicketKey> _ticketKeys = new(StringComparer.Ordinal);

    private ServerTlsState(ServerTlsOptions options)
    {
        options.Validate();
        Credentials = TlsCredentials.Get(options.Identity);
        if (options.AllowResumption)
        {
            _ticketSecret = options.TicketKey.IsEmpty ? RandomNumberGenerator.GetBytes(GnuTlsTicketKey.Size) : options.TicketKey.ToArray();
        }

        if (options.AllowEarlyData)
        {
            AntiReplay = new AntiReplayWindow(AntiReplayWindow.DefaultWindow, AntiReplayWindow.DefaultCapacity);
        }
    }

    /// <summary>The certificate and key.</summary>
    public GnuTlsCredentialsHandle Credentials { get; }

    /// <summary>The guard of early data; <c>null</c> when early data is not allowed.</summary>
    public AntiReplayWindow? AntiReplay { get; }

    /// <summary>The state of an instance, made at the first call. Thread-safe.</summary>
    /// <param name="options">The options.</param>
    /// <returns>The state, shared by all listeners and loops that use the instance.</returns>
    /// <exception cref="ArgumentException">The options are out of range, or GnuTLS refuses the identity.</exception>
    public static ServerTlsState Get(ServerTlsOptions options) => States.GetValue(options, static o => new ServerTlsState(o));

    /// <summary>The key for tickets of sessions with an application protocol.</summary>
    /// <param name="options">The options of this state.</param>
    /// <param name="applicationProtocol">The protocol that was agreed on.</param>
    /// <returns>The key; <c>null</c> when no tickets are issued.</returns>
    /// <remarks>
    /// Each protocol and client certificate mode has its own key, derived from the one of the options. So a session is never resumed under another protocol, whose early data
    /// would then be taken for that of this one (RFC 8446, section 4.2.10), nor under another mode; the client does a full handshake instead.
    /// </remarks>
    public GnuTlsTicketKey? TicketKey(ServerTlsOptions options, string applicationProtocol) =>
        _ticketSecret is byte[] secret
            ? _ticketKeys.GetOrAdd(
                applicationProtocol, static (protocol, state) => Derive(state.secret, state.mode, protocol), (secret, mode: options.ClientCertificateMode))
            : null;

    private static GnuTlsTicketKey Derive(byte[] secret, ClientCertificateMode mode, string protocol)
    {
        Span<byte> key = stackalloc byte[GnuTlsTicketKey.Size];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, salt: default, Encoding.ASCII.GetBytes($"session ticket key 1 {mode} {protocol}"));
        GnuTlsTicketKey result = GnuTlsTicketKey.FromBytes(key);
        CryptographicOperations.ZeroMemory(key);
        return result;
    }
}
