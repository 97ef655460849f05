using System.Runtime.InteropServices;

namespace Net.Ngtcp2.Interop;

/// <summary>
/// The callbacks that libngtcp2_crypto_gnutls implements. They are given to ngtcp2 as the addresses they are, so that what the
/// driver does not look at never enters managed code.
/// </summary>
internal static unsafe class CryptoCallbacks
{
    /// <summary>The exported names, in the order of the addresses.</summary>
    internal static readonly string[] SymbolNames =
    [
        "ngtcp2_crypto_client_initial_cb",
        "ngtcp2_crypto_recv_client_initial_cb",
        "ngtcp2_crypto_recv_crypto_data_cb",
        "ngtcp2_crypto_encrypt_cb",
        "ngtcp2_crypto_decrypt_cb",
        "ngtcp2_crypto_hp_mask_cb",
        "ngtcp2_crypto_recv_retry_cb",
        "ngtcp2_crypto_update_key_cb",
        "ngtcp2_crypto_delete_crypto_aead_ctx_cb",
        "ngtcp2_crypto_delete_crypto_cipher_ctx_cb",
        "ngtcp2_crypto_get_path_challenge_data_cb",
        "ngtcp2_crypto_version_negotiation_cb",
    ];

    private static readonly Lazy<nint[]> Addresses = new(
        static () => Array.ConvertAll(SymbolNames, static name => NativeLibrary.GetExport(NativeLibraries.Ngtcp2CryptoHandle, name)),
        LazyThreadSafetyMode.ExecutionAndPublication);

    /// <summary>The callback that encrypts a packet, for a callback of ours that does more than this one.</summary>
    internal static delegate* unmanaged[Cdecl]<byte*, ngtcp2_crypto_aead*, ngtcp2_crypto_aead_ctx*, byte*, nuint, byte*, nuint, byte*, nuint, int> Encrypt =>
        (delegate* unmanaged[Cdecl]<byte*, ngtcp2_crypto_aead*, ngtcp2_crypto_aead_ctx*, byte*, nuint, byte*, nuint, byte*, nuint, int>)Addresses.Value[3];

    /// <summary>The callback that decrypts a packet, for a callback of ours that does more than this one.</summary>
    internal static delegate* unmanaged[Cdecl]<byte*, ngtcp2_crypto_aead*, ngtcp2_crypto_aead_ctx*, byte*, nuint, byte*, nuint, byte*, nuint, int> Decrypt =>
        (delegate* unmanaged[Cdecl]<byte*, ngtcp2_crypto_aead*, ngtcp2_crypto_aead_ctx*, byte*, nuint, byte*, nuint, byte*, nuint, int>)Addresses.Value[4];

    /// <summary>Sets the twelve callbacks of the crypto library and leaves the others. It suits clients and servers.</summary>
    /// <exception cref="DllNotFoundException">A native library is absent or too old.</exception>
    internal static void Fill(ngtcp2_callbacks* callbacks)
    {
        var addresses = Addresses.Value;
        callbacks->client_initial = (delegate* unmanaged[Cdecl]<ngtcp2_conn*, void*, int>)addresses[0];
        callbacks->recv_client_initial = (delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_cid*, void*, int>)addresses[1];
        callbacks->recv_crypto_data =
            (delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_encryption_level, ulong, byte*, nuint, void*, int>)addresses[2];
        callbacks->encrypt = Encrypt;
        callbacks->decrypt = Decrypt;
        callbacks->hp_mask =
            (delegate* unmanaged[Cdecl]<byte*, ngtcp2_crypto_cipher*, ngtcp2_crypto_cipher_ctx*, byte*, int>)addresses[5];
        callbacks->recv_retry = (delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_pkt_hd*, void*, int>)addresses[6];
        callbacks->update_key = (delegate* unmanaged[Cdecl]<
            ngtcp2_conn*, byte*, byte*, ngtcp2_crypto_aead_ctx*, byte*, ngtcp2_crypto_aead_ctx*, byte*, byte*, byte*, nuint, void*, int>)addresses[7];
        callbacks->delete_crypto_aead_ctx =
            (delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_crypto_aead_ctx*, void*, void>)addresses[8];
        callbacks->delete_crypto_cipher_ctx =
            (delegate* unmanaged[Cdecl]<ngtcp2_conn*, ngtcp2_crypto_cipher_ctx*, void*, void>)addresses[9];
        callbacks->get_path_challenge_data = (delegate* unmanaged[Cdecl]<ngtcp2_conn*, byte*, void*, int>)addresses[10];
        callbacks->version_negotiation = (delegate* unmanaged[Cdecl]<ngtcp2_conn*, uint, ngtcp2_cid*, void*, int>)addresses[11];
    }
}
