using System.Buffers;
using System.IO.Pipelines;
using Net.Testing;

namespace Net.UnitTests.Abstractions;

/// <summary>Frames over TLS on TCP, made at random and cut anywhere (<c>protocol/net-1.md</c>, section 7).</summary>
[TestClass]
public sealed class TcpFramePropertyTests
{
    private const int Rounds = 3000;

    /// <summary>The runner's context.</summary>
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void TryRead_AnyFramesCutAnywhere_GivesEachOnceAndWhole()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < Rounds; round++)
        {
            (long Type, long[] Integers, byte[] Tail)[] frames = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => MakeFrame(random))];
            byte[] bytes = Write(frames);
            int read = 0;
            int consumed = 0;
            for (int available = 0; available < bytes.Length;)
            {
                available = Math.Min(bytes.Length, available + random.Next(1, 1 + (bytes.Length / 3)));
                ReadOnlySequence<byte> buffer = InPieces(bytes.AsSpan(consumed, available - consumed).ToArray(), random);
                long before = buffer.Length;
                while (TcpFrame.TryRead(ref buffer, out long type, out ReadOnlySequence<byte> payload))
                {
                    (long Type, long[] Integers, byte[] Tail) = frames[read++];
                    Assert.AreEqual(Type, type, $"round {round}");
                    for (int i = 0; i < Integers.Length; i++)
                    {
                        bool isLast = i == Integers.Length - 1 && Tail.Length == 0;
                        Assert.AreEqual(Integers[i], isLast ? TcpFrame.TakeLastInteger(ref payload) : TcpFrame.TakeInteger(ref payload), $"round {round}");
                    }

                    Assert.AreSequenceEqual(Tail, payload.ToArray(), $"round {round}");
                }

                consumed += (int)(before - buffer.Length);
            }

            Assert.AreEqual(frames.Length, read, $"round {round}");
            Assert.AreEqual(bytes.Length, consumed, $"round {round}");
        }
    }

    [TestMethod]
    public void TryRead_AnyBytes_WaitsRefusesOrTakesExactlyWhatTheHeaderSays()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        int refused = 0;
        for (int round = 0; round < Rounds * 5; round++)
        {
            byte[] bytes = new byte[random.Next(40)];
            random.NextBytes(bytes);
            if (bytes.Length > 1 && random.Next(2) == 0)
            {
                bytes[0] &= 0x3f;
                bytes[1] &= 0x1f;
            }

            bool hasHeader = VariableLengthInteger.TryRead(bytes, out long type, out int size) & VariableLengthInteger.TryRead(bytes.AsSpan(Math.Min(size, bytes.Length)), out long length, out int lengthSize);
            var buffer = new ReadOnlySequence<byte>(bytes);
            try
            {
                bool isWhole = TcpFrame.TryRead(ref buffer, out long readType, out ReadOnlySequence<byte> payload);
                Assert.AreEqual(hasHeader && size + lengthSize + length <= bytes.Length, isWhole, Convert.ToHexString(bytes));
                if (isWhole)
                {
                    Assert.AreEqual(type, readType);
                    Assert.AreSequenceEqual(bytes.AsSpan(size + lengthSize, (int)length).ToArray(), payload.ToArray());
                }

                Assert.AreEqual(isWhole ? bytes.Length - size - lengthSize - length : bytes.Length, buffer.Length);
            }
            catch (TcpViolationException)
            {
                Assert.IsTrue(hasHeader && length > TcpFrame.MaxPayload, Convert.ToHexString(bytes));
                refused++;
            }
        }

        Assert.IsGreaterThan(Rounds / 4, refused, "Too few were too long for this to say anything.");
    }

    [TestMethod]
    public void TakeLastInteger_AnyPayload_HoldsOneIntegerOrIsRefused()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < Rounds * 5; round++)
        {
            byte[] bytes = new byte[random.Next(11)];
            random.NextBytes(bytes);
            bool isRight = VariableLengthInteger.TryRead(bytes, out long expected, out int size) && size == bytes.Length;
            var payload = new ReadOnlySequence<byte>(bytes);
            if (isRight)
            {
                Assert.AreEqual(expected, TcpFrame.TakeLastInteger(ref payload));
            }
            else
            {
                Assert.ThrowsExactly<TcpViolationException>(() => TcpFrame.TakeLastInteger(ref payload), Convert.ToHexString(bytes));
            }
        }
    }

    private static (long Type, long[] Integers, byte[] Tail) MakeFrame(Random random)
    {
        // One byte holds every type that the protocol names.
        long type = random.Next(64);
        int kind = random.Next(3);
        long[] integers = kind == 1 ? [AnyInteger(random), AnyInteger(random)] : [AnyInteger(random)];
        byte[] tail = new byte[kind == 2 ? random.Next(random.Next(20) == 0 ? TcpFrame.MaxData : 60) : 0];
        random.NextBytes(tail);
        return (type, integers, tail);
    }

    private static byte[] Write((long Type, long[] Integers, byte[] Tail)[] frames)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        foreach ((long type, long[] integers, byte[] tail) in frames)
        {
            if (integers.Length == 2)
            {
                TcpFrame.Write(pipe.Writer, type, integers[0], integers[1]);
            }
            else if (tail.Length == 0)
            {
                TcpFrame.Write(pipe.Writer, type, integers[0]);
            }
            else
            {
                TcpFrame.Write(pipe.Writer, type, integers[0], new ReadOnlySequence<byte>(tail));
            }
        }

        pipe.Writer.Complete();
        Assert.IsTrue(pipe.Reader.TryRead(out ReadResult result));
        byte[] bytes = result.Buffer.ToArray();
        pipe.Reader.Complete();
        return bytes;
    }

    private static ReadOnlySequence<byte> InPieces(byte[] bytes, Random random)
    {
        var first = new Segment(bytes.AsMemory(0, random.Next(bytes.Length + 1)), null);
        var last = new Segment(bytes.AsMemory(first.Memory.Length), first);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private static long AnyInteger(Random random) => random.NextInt64(1L << random.Next(1, 62));

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        internal Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
