using System.Buffers.Binary;
using Net.Chaos.Judging;
using Net.Chaos.Running.Faults;
using Net.Chaos.Running.Hosts;

namespace Net.Chaos.Running.Attacks;

/// <summary>Datagrams that no connection sent: a third without sense, a third of connections that the host does not know, and empty, short and unknown versions.</summary>
internal static class GarbageAttack
{
    private const int LargestDatagram = 1200;
    private const int AnswerableDatagram = 1200;
    private const uint UnknownVersion = 0x1a2a3a4a;
    private const int Batch = 100;
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LastAnswers = TimeSpan.FromMilliseconds(500);

    /// <summary>Sends them, as fast as the host's machine lets it and in a rhythm that leaves it a turn.</summary>
    /// <returns>How many the kernel took.</returns>
    internal static async Task<long> RunAsync(FaultStage stage, IRunHost host, int count)
    {
        var random = new Random(count);
        var buffer = new byte[LargestDatagram];
        long sent = 0;

        using var mixed = new AttackSocket(host.EndPoint);
        using var probes = new AttackSocket(host.EndPoint);

        // First, as a host answers only so many of them a second.
        stage.Measures.NoteLargest(Figures.LargestReply, await CompareAsync(stage, probes, random, buffer).ConfigureAwait(false));
        for (int i = 0; i < count; i++)
        {
            sent += mixed.Send(Make(random, buffer, i)) ? 1 : 0;
            if (i % Batch == Batch - 1)
            {
                mixed.Drain();
                await Task.Delay(Turn, stage.TimeProvider, stage.Stop).ConfigureAwait(false);
            }
        }

        await Task.Delay(LastAnswers, stage.TimeProvider, stage.Stop).ConfigureAwait(false);
        mixed.Drain();
        stage.Measures.NoteLargest(Figures.Amplification, mixed.Sent == 0 ? 0 : (double)mixed.Received / mixed.Sent);
        return sent;
    }

    // One after the other, each with time for its answer.
    private static async Task<double> CompareAsync(FaultStage stage, AttackSocket socket, Random random, byte[] buffer)
    {
        double largest = 0;
        foreach (int length in (int[])[30, 42, 43, 44, 60, 100, 500, 1199, AnswerableDatagram])
        {
            foreach (bool isLong in (bool[])[false, true])
            {
                random.NextBytes(buffer);
                buffer[0] = (byte)(isLong ? 0xC0 : 0x40);
                BinaryPrimitives.WriteUInt32BigEndian(buffer.AsSpan(1), isLong ? UnknownVersion : (uint)random.Next());
                buffer[5] = isLong ? (byte)8 : buffer[5];
                buffer[14] = isLong ? (byte)8 : buffer[14];
                socket.Send(buffer.AsSpan(0, length));
                await Task.Delay(Turn * 4, stage.TimeProvider, stage.Stop).ConfigureAwait(false);
                socket.Drain(answer => largest = Math.Max(largest, (double)answer.Length / length));
            }
        }

        return largest;
    }

    private static ReadOnlySpan<byte> Make(Random random, byte[] buffer, int number)
    {
        Span<byte> datagram = buffer.AsSpan(0, random.Next(LargestDatagram) + 1);
        random.NextBytes(datagram);
        switch (number % 6)
        {
            case 0:
                return [];
            case 1:
                return datagram[..Math.Min(datagram.Length, random.Next(20) + 1)];
            case 2 or 3:
                // A short header with an identifier that belongs to nobody.
                datagram[0] = (byte)(0x40 | (datagram[0] & 0x3f));
                return datagram;
            case 4:
                datagram = buffer.AsSpan(0, AnswerableDatagram);
                datagram[0] = 0xC0;
                BinaryPrimitives.WriteUInt32BigEndian(datagram[1..], UnknownVersion);
                datagram[5] = 8;
                datagram[14] = 8;
                return datagram;
            default:
                return datagram;
        }
    }
}
