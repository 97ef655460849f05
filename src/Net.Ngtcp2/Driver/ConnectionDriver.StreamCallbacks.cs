using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Net.Ngtcp2.Interop;
using Net.Ngtcp2.Streams;
using static Net.Ngtcp2.Interop.Ngtcp2Native;

namespace Net.Ngtcp2.Driver;

// What the native library calls about streams and datagrams. The rules are those of the other callbacks.
internal sealed unsafe partial class ConnectionDriver
{
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnStreamData(ngtcp2_conn* native, uint flags, long id, ulong offset, byte* data, nuint length, void* user, void* streamUser)
    {
        try
        {
            ConnectionDriver driver = From(user);
            driver.ReceiveStreamData(id, new ReadOnlySpan<byte>(data, (int)length), (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0, (flags & NGTCP2_STREAM_DATA_FLAG_0RTT) != 0);
            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnStreamDataAcknowledged(ngtcp2_conn* native, long id, ulong offset, ulong length, void* user, void* streamUser)
    {
        try
        {
            ConnectionDriver driver = From(user);
            driver._progress = true;
            driver._acknowledged = true;
            if (!driver.IsServer)
            {
                driver._silence.NoteProgress(driver._host.Now);
            }

            driver.NoteAcknowledged(id, (long)(offset + length), (long)length);

            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnStreamOpen(ngtcp2_conn* native, long id, void* user)
    {
        try
        {
            ConnectionDriver driver = From(user);
            driver.OpenPeerStream(id);
            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnStreamClose(ngtcp2_conn* native, uint flags, long id, ulong code, void* user, void* streamUser)
    {
        try
        {
            ConnectionDriver driver = From(user);
            driver.CloseStream(id);
            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnStreamReset(ngtcp2_conn* native, long id, ulong finalSize, ulong code, void* user, void* streamUser)
    {
        try
        {
            ConnectionDriver driver = From(user);
            driver.HandleStreamReset(id, (long)code);
            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnMoreStreamData(ngtcp2_conn* native, long id, ulong max, void* user, void* streamUser)
    {
        try
        {
            ConnectionDriver driver = From(user);
            driver._progress = true;
            if (driver._streams.TryGetValue(id, out Ngtcp2Stream? stream) && stream.IsFlowBlocked)
            {
                stream.IsFlowBlocked = false;
                driver._line.Enqueue(stream);
            }

            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnMoreStreams(ngtcp2_conn* native, ulong max, void* user)
    {
        try
        {
            ConnectionDriver driver = From(user);
            driver._creditEvent = true;
            driver._progress = true;
            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnDatagram(ngtcp2_conn* native, uint flags, byte* data, nuint length, void* user)
    {
        try
        {
            ConnectionDriver driver = From(user);
            driver._progress = true;
            driver._connection.ReceiveDatagram(new ReadOnlySpan<byte>(data, (int)length));
            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnDatagramAcknowledged(ngtcp2_conn* native, ulong id, void* user)
    {
        try
        {
            ConnectionDriver driver = From(user);
            driver._progress = true;
            driver._acknowledged = true;
            return 0;
        }
        catch (Exception exception)
        {
            return Fail(user, exception);
        }
    }
}
