using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Net.Ngtcp2.Interop;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Ngtcp2.Driver;

// What is learnt from packets as they are decrypted, since the native library does not tell: which are new, and which streams the peer reads no more.
internal sealed unsafe partial class ConnectionDriver
{
    // All ciphers of QUIC have this one (RFC 9001, section 5.3).
    private const int AeadTagLength = 16;

    [ThreadStatic]
    private static ConnectionDriver? t_reader;

    private readonly List<StopSendingFrame> _stops = [];

    // The library gives this one no user data; packets are only decrypted inside its read function, so the reader is known.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnDecrypt(
        byte* destination, ngtcp2_crypto_aead* aead, ngtcp2_crypto_aead_ctx* key, byte* source, nuint length, byte* nonce, nuint nonceLength, byte* header, nuint headerLength)
    {
        int result = CryptoCallbacks.Decrypt(destination, aead, key, source, length, nonce, nonceLength, header, headerLength);
        if (result == 0 && t_reader is { } driver)
        {
            try
            {
                var packetHeader = new ReadOnlySpan<byte>(header, (int)headerLength);
                if (PacketWindow.Covers(packetHeader))
                {
                    PacketNovelty novelty = driver._packets.Note(packetHeader);
                    if (novelty == PacketNovelty.TooOld)
                    {
                        return NGTCP2_ERR_DECRYPT;
                    }

                    if (novelty == PacketNovelty.Copy)
                    {
                        return result;
                    }
                }

                driver._hasNewPacket = true;
                StopSendingFrames.Find(new ReadOnlySpan<byte>(destination, (int)length - AeadTagLength), driver._stops);
            }
            catch (Exception exception)
            {
                return driver.Fail(exception);
            }
        }

        return result;
    }
}
