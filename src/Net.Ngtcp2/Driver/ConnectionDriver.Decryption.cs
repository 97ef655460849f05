using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Net.Ngtcp2.Interop;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Ngtcp2.Driver;

// What is learnt from packets as they are encrypted and decrypted, since the native library does not tell: which were lost, which are new, which streams the peer reads no more, and how much work it asks for.
internal sealed unsafe partial class ConnectionDriver
{
    // All ciphers of QUIC have this one (RFC 9001, section 5.3).
    private const int AeadTagLength = 16;

    [ThreadStatic]
    private static ConnectionDriver? t_reader;

    [ThreadStatic]
    private static ConnectionDriver? t_writer;

    private readonly SentPackets _sent = new();
    private readonly ReceivedFrames _received;

    // The library gives this one no user data; packets are only decrypted inside its read function, so the reader is known.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnDecrypt(
        byte* destination, ngtcp2_crypto_aead* aead, ngtcp2_crypto_aead_ctx* key, byte* source, nuint length, byte* nonce, nuint nonceLength, byte* header, nuint headerLength)
    {
        try
        {
            int result = CryptoCallbacks.Decrypt(destination, aead, key, source, length, nonce, nonceLength, header, headerLength);
            return result == 0 && t_reader is { } reader
                ? reader.NoteDecrypted(new ReadOnlySpan<byte>(header, (int)headerLength), new ReadOnlySpan<byte>(destination, (int)length - AeadTagLength))
                : result;
        }
        catch (Exception exception)
        {
            if (t_reader is { } reader)
            {
                reader._callbackFailure ??= exception;
            }

            return NGTCP2_ERR_CALLBACK_FAILURE;
        }
    }

    // As with the other one, no user data; packets are only encrypted inside the library's write functions. With it every number that is really used is known, also to libraries that skip some.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnEncrypt(
        byte* destination, ngtcp2_crypto_aead* aead, ngtcp2_crypto_aead_ctx* key, byte* source, nuint length, byte* nonce, nuint nonceLength, byte* header, nuint headerLength)
    {
        try
        {
            int result = CryptoCallbacks.Encrypt(destination, aead, key, source, length, nonce, nonceLength, header, headerLength);
            if (result == 0 && t_writer is { } writer)
            {
                writer.NoteEncrypted(new ReadOnlySpan<byte>(header, (int)headerLength), (int)headerLength + (int)length + AeadTagLength);
            }

            return result;
        }
        catch (Exception exception)
        {
            if (t_writer is { } writer)
            {
                writer._callbackFailure ??= exception;
            }

            return NGTCP2_ERR_CALLBACK_FAILURE;
        }
    }

    // A packet that is larger than the path is known to carry probes for more (RFC 8899).
    private void NoteEncrypted(ReadOnlySpan<byte> header, int packetLength)
    {
        if (PacketWindow.Covers(header))
        {
            _sent.NoteSent(header, counts: packetLength <= _pathPayload);
        }
    }

    private int NoteDecrypted(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        bool isApplicationData = PacketWindow.Covers(header);
        if (isApplicationData)
        {
            switch (_packets.Note(header))
            {
                case PacketNovelty.TooOld:
                    return NGTCP2_ERR_DECRYPT;
                case PacketNovelty.Copy:
                    return 0;
            }
        }

        _hasNewPacket = true;
        if (isApplicationData)
        {
            // Not those of the handshake, whose first packets anybody can make who has seen the connection begin.
            _received.Read(payload);
        }

        return 0;
    }

    // RFC 9000 names no code of its own for a peer that demands too much work; it leaves it at a connection error (section 21.9).
    private void CheckControlFrames(ulong now)
    {
        if (_received.ControlFrames > 0 && !_controlFrames.TryCount(now, _received.ControlFrames))
        {
            _excess ??= "too many control frames";
        }
    }
}
