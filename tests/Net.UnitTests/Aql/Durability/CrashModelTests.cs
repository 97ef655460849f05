using Net.Aql;
using Net.Protocol.Aql;
using Net.Testing;
using static Net.UnitTests.Aql.Requests;

namespace Net.UnitTests.Aql.Durability;

/// <summary>Random writes, random losses of power, and a sorted dictionary that knows what must have survived.</summary>
[TestClass]
public sealed class CrashModelTests
{
    [TestMethod]
    public async Task Store_LosesPowerAtRandom_KeepsEveryAcknowledgedWrite()
    {
        Random random = TestSeed.TakeRandom();
        var options = new AqlStoreOptions { CompactionBytes = 4 << 10 };
        var disk = new SimulatedDisk();
        var acknowledged = new SortedDictionary<string, string>(StringComparer.Ordinal);
        int crashes = 0;
        int kept = 0;
        int lost = 0;
        for (int life = 0; life < 300; life++)
        {
            int left = random.Next(1, 60);
            disk.Before = (_, _) =>
            {
                if (Interlocked.Decrement(ref left) < 0)
                {
                    throw new IOException("The power is gone.");
                }
            };
            SortedDictionary<string, string>? unknown = await LiveAsync(disk, options, acknowledged, random);
            disk.Before = static (_, _) => { };

            disk = disk.LosePower(random);
            await using var reader = new StoreFixture(disk, options);
            string rows = await reader.RowsAsync();

            // The one batch that was not answered is there whole or not at all; everything else is there.
            if (unknown is not null && rows == Describe(unknown) && rows != Describe(acknowledged))
            {
                acknowledged = unknown;
                kept++;
            }
            else
            {
                Assert.AreEqual(Describe(acknowledged), rows, $"after {life} losses of power");
                lost += unknown is null ? 0 : 1;
            }

            crashes += unknown is null ? 0 : 1;
        }

        // The test has tested something: writes were cut off by a crash, and both outcomes of that came up.
        Assert.IsGreaterThan(100, crashes);
        Assert.IsGreaterThan(0, kept);
        Assert.IsGreaterThan(0, lost);
    }

    // Writes until the power is gone. Returns what the rows are if the last batch took effect; null when the power went elsewhere.
    private static async Task<SortedDictionary<string, string>?> LiveAsync(
        SimulatedDisk disk, AqlStoreOptions options, SortedDictionary<string, string> acknowledged, Random random)
    {
        StoreFixture fixture;
        try
        {
            fixture = new StoreFixture(disk, options);
        }
        catch (AqlException failure) when (failure.Code == ErrorCode.StorageIo)
        {
            return null;
        }

        await using (fixture)
        {
            while (true)
            {
                var next = new SortedDictionary<string, string>(acknowledged, StringComparer.Ordinal);
                BatchRequest batch = MakeBatch(random, next);
                BatchResponse response = await fixture.Engine.ExecuteBatchAsync(batch).WithTimeout();
                if (response.Error is { } error)
                {
                    Assert.AreEqual(ErrorCode.StorageIo, error.Code);
                    Assert.AreEqual(Describe(acknowledged), await fixture.RowsAsync(), "What failed must not be seen.");
                    return next;
                }

                acknowledged.Clear();
                foreach ((string key, string value) in next)
                {
                    acknowledged.Add(key, value);
                }
            }
        }
    }

    private static BatchRequest MakeBatch(Random random, SortedDictionary<string, string> model)
    {
        var batch = new BatchRequest();
        for (int i = random.Next(1, 5); i > 0; i--)
        {
            string key = $"k{random.Next(20)}";
            if (random.Next(4) == 0)
            {
                batch.Queries.Add(Delete("c", key));
                model.Remove(key);
            }
            else
            {
                string value = new((char)('a' + random.Next(26)), random.Next(0, 400));
                batch.Queries.Add(Set("c", key, value));
                model[key] = value;
            }
        }

        return batch;
    }

    private static string Describe(SortedDictionary<string, string> rows) => string.Join(' ', rows.Select(row => $"{row.Key}={row.Value}"));
}
