using Net.Ngtcp2.Driver;
using Net.Ngtcp2.Streams;
using Net.Testing;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>The line of streams against eight lists.</summary>
[TestClass]
public sealed class SendLineTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Line_AnyOrderOfCalls_IsEightListsByUrgency()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < 50; round++)
        {
            var host = new RecordingHost();
            Ngtcp2Stream[] streams = [.. Enumerable.Range(0, random.Next(1, 30)).Select(i => host.NewStream(4 * i))];
            var line = new SendLine();
            List<Ngtcp2Stream>[] reference = [.. Enumerable.Range(0, 8).Select(static _ => new List<Ngtcp2Stream>())];
            for (int step = 0; step < 500; step++)
            {
                Change(random, line, streams[random.Next(streams.Length)], reference);
                Assert.AreEqual(reference.All(static l => l.Count == 0), line.IsEmpty);
                Assert.AreEqual(reference.Sum(static l => l.Count), streams.Count(static s => s.IsInLine));
            }

            foreach (Ngtcp2Stream expected in reference.SelectMany(static l => l))
            {
                Assert.AreSame(expected, line.Dequeue());
                Assert.IsFalse(expected.IsInLine);
            }

            Assert.IsNull(line.Dequeue());
        }
    }

    [TestMethod]
    public void Enqueue_Twice_StandsOnce()
    {
        var line = new SendLine();
        Ngtcp2Stream stream = new RecordingHost().NewStream();
        line.Enqueue(stream);
        line.Enqueue(stream);
        Assert.AreSame(stream, line.Dequeue());
        Assert.IsNull(line.Dequeue());
    }

    private static void Change(Random random, SendLine line, Ngtcp2Stream stream, List<Ngtcp2Stream>[] reference)
    {
        switch (random.Next(5))
        {
            case 0:
                List<Ngtcp2Stream>? first = reference.FirstOrDefault(static l => l.Count > 0);
                Assert.AreSame(first?[0], line.Dequeue());
                first?.RemoveAt(0);
                break;
            case 1 when !stream.IsInLine:
                line.PutBack(stream);
                reference[stream.Urgency].Insert(0, stream);
                break;
            case 2:
                int before = stream.Urgency;
                stream.Priority = new StreamPriority(random.Next(8), random.Next(2) == 0);
                if (stream.IsInLine)
                {
                    line.Move(stream);
                    if (stream.Urgency != before)
                    {
                        reference[before].Remove(stream);
                        reference[stream.Urgency].Add(stream);
                    }
                }

                break;
            default:
                if (!stream.IsInLine)
                {
                    reference[stream.Urgency].Add(stream);
                }

                line.Enqueue(stream);
                break;
        }
    }
}
