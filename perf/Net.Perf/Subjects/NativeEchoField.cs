using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Net.Ngtcp2.Interop;
using Net.Perf.Measuring;

namespace Net.Perf.Subjects;

/// <summary>Many connections of the native library alone, each with one stream, and echoes on one after the other: what a call cannot cost less than, with so many beside it.</summary>
/// <remarks>
/// A timer that is due is served when its connection has its turn, so that what it touches is not fetched into the caches for it alone: the growth seen here is rather too small than too
/// large, and the goal rather harder.
/// </remarks>
internal sealed unsafe class NativeEchoField : IDisposable
{
    private const int Stride = 31;
    private const int MaxTurns = 1000;
    private readonly List<(NativeEnd Client, NativeEnd Server, long Stream)> _pairs = [];
    private readonly GnuTlsCredentialsHandle _clientCredentials = GnuTlsCredentialsHandle.Create();
    private readonly GnuTlsCredentialsHandle _serverCredentials = GnuTlsCredentialsHandle.Create();
    private readonly byte[] _datagram = new byte[NativeEnd.MaxDatagram];

    // The library reads it again when a packet is lost, and holds it until it is acknowledged.
    private readonly byte* _payload = (byte*)NativeMemory.AllocZeroed(EchoSubject.PayloadBytes);
    private int _next;

    /// <summary>Opens connections and does one echo on each.</summary>
    internal NativeEchoField(Certificates certificates, int connections)
    {
        try
        {
            using ECDsa key = certificates.Server.GetECDsaPrivateKey()!;
            _serverCredentials.AddKeyPair(
                Encoding.ASCII.GetBytes(certificates.Server.ExportCertificatePem()), Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()), gnutls_x509_crt_fmt_t.GNUTLS_X509_FMT_PEM);
            for (int i = 0; i < connections; i++)
            {
                Connect();
                Echo(_pairs[i]);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Measures echoes, one in flight, the connections in turn.</summary>
    internal Task<WorkRound> RoundAsync(int echoes) => WorkRound.MeasureAsync(echoes, () =>
    {
        for (int i = 0; i < echoes; i++)
        {
            _next = (_next + Stride) % _pairs.Count;
            Echo(_pairs[_next]);
        }

        return Task.CompletedTask;
    });

    public void Dispose()
    {
        foreach ((NativeEnd client, NativeEnd server, _) in _pairs)
        {
            client.Dispose();
            server.Dispose();
        }

        _pairs.Clear();
        _clientCredentials.Dispose();
        _serverCredentials.Dispose();
        NativeMemory.Free(_payload);
    }

    private void Connect()
    {
        NativeEnd client = NativeEnd.Connect(_clientCredentials);
        NativeEnd? server = null;
        int none = 0;
        try
        {
            ReadOnlySpan<byte> first = _datagram.AsSpan(0, client.Write(_datagram, -1, null, ref none));
            server = NativeEnd.Accept(_serverCredentials, first);
            server.Read(first);
            for (int turn = 0; !client.IsConfirmed; turn++)
            {
                Serve(server, client);
                Serve(client, server);
                if (turn == MaxTurns)
                {
                    throw new InvalidOperationException("The handshake of the native library with itself does not end.");
                }
            }

            _pairs.Add((client, server, client.OpenStream()));
        }
        catch
        {
            client.Dispose();
            server?.Dispose();
            throw;
        }
    }

    private void Echo((NativeEnd Client, NativeEnd Server, long Stream) pair)
    {
        (NativeEnd client, NativeEnd server, long stream) = pair;

        // What a loop's timers would have done meanwhile: above all the acknowledgement of the last answer, when no next call came in time to carry it.
        if (client.HandleExpiry())
        {
            Serve(client, server);
        }

        if (server.HandleExpiry())
        {
            Serve(server, client);
        }

        Send(client, server, stream);
        Send(server, client, stream);
    }

    private void Send(NativeEnd from, NativeEnd to, long stream)
    {
        long expected = to.Received + EchoSubject.PayloadBytes;
        int left = EchoSubject.PayloadBytes;
        for (int turn = 0; to.Received < expected; turn++)
        {
            int length = from.Write(_datagram, left > 0 ? stream : -1, _payload + EchoSubject.PayloadBytes - left, ref left);
            if (length > 0)
            {
                to.Read(_datagram.AsSpan(0, length));
            }
            else if (turn == MaxTurns)
            {
                throw new InvalidOperationException("The native library does not send what it was given.");
            }
        }
    }

    // All that one end has to say.
    private void Serve(NativeEnd from, NativeEnd to)
    {
        int none = 0;
        from.HandleExpiry();
        for (int length; (length = from.Write(_datagram, -1, null, ref none)) > 0;)
        {
            to.Read(_datagram.AsSpan(0, length));
        }
    }
}
