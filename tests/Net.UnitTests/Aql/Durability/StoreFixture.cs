using Microsoft.Extensions.Logging.Abstractions;
using Net.Aql;
using Net.Protocol.Aql;
using Net.Testing;
using static Net.UnitTests.Aql.Requests;

namespace Net.UnitTests.Aql.Durability;

/// <summary>A store on a simulated disk, and its engine.</summary>
internal sealed class StoreFixture : IAsyncDisposable
{
    internal StoreFixture(SimulatedDisk? disk = null, AqlStoreOptions? options = null)
    {
        Disk = disk ?? new SimulatedDisk();
        Store = AqlStore.Open(Disk, options ?? AqlStoreOptions.Default, NullLogger.Instance);
        Engine = new AqlEngine(Store, Time);
    }

    internal ManualTimeProvider Time { get; } = new();

    internal SimulatedDisk Disk { get; }

    internal AqlStore Store { get; }

    internal AqlEngine Engine { get; }

    /// <summary>The one log of a store that was never compacted.</summary>
    internal const string FirstLog = "log-0000000000000000.aql";

    internal Task SetAsync(string key, string value) => Engine.AnswerAsync(Set("c", key, value)).WithTimeout();

    internal Task<string> RowsAsync() => Engine.ListAsync(Range("c"));

    /// <summary>Opens what a disk holds, lists its rows, and closes it.</summary>
    internal static async Task<(string Rows, AqlRecovery Recovery)> ReadAsync(SimulatedDisk disk)
    {
        await using var fixture = new StoreFixture(disk);
        return (await fixture.RowsAsync(), fixture.Store.Recovery);
    }

    internal static AqlException OpenFails(SimulatedDisk disk)
    {
        string[] before = [.. disk.Names.Select(name => name + Convert.ToHexString(disk[name]))];

        AqlException thrown = Assert.ThrowsExactly<AqlException>(() => AqlStore.Open(disk, AqlStoreOptions.Default, NullLogger.Instance));

        Assert.AreEqual(ErrorCode.StorageCorrupted, thrown.Code);
        CollectionAssert.AreEqual(before, disk.Names.Select(name => name + Convert.ToHexString(disk[name])).ToArray(), "A store that cannot be opened must be left as it is.");
        return thrown;
    }

    public ValueTask DisposeAsync() => Store.DisposeAsync();
}
