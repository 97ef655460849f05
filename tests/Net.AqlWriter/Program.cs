using System.Globalization;
using Google.Protobuf;
using Net.Aql;
using Net.Protocol.Aql;

// Arguments: directory, writers, first number. Each writer sets its two rows to one number after the other, both in one batch,
// and prints "ack WRITER NUMBER" once that is acknowledged.
string directory = args[0];
int writers = int.Parse(args[1], CultureInfo.InvariantCulture);
long first = long.Parse(args[2], CultureInfo.InvariantCulture);

await using AqlStore store = AqlStore.Open(directory, new AqlStoreOptions { CompactionBytes = 16 << 10 });
var engine = new AqlEngine(store, TimeProvider.System);
Console.WriteLine("ready");
await Task.WhenAll(Enumerable.Range(0, writers).Select(WriteAsync)).ConfigureAwait(false);
return 0;

async Task WriteAsync(int writer)
{
    for (long number = first; ; number++)
    {
        string value = number.ToString(CultureInfo.InvariantCulture);
        BatchResponse response = await engine.ExecuteBatchAsync(new BatchRequest
        {
            Queries = { Set($"left-{writer}", value), Set($"right-{writer}", value) },
        }).ConfigureAwait(false);
        if (response.Error is { } error)
        {
            Console.WriteLine($"error {error.Code} {error.Message}");
            return;
        }

        Console.WriteLine($"ack {writer} {value}");
    }
}

static Query Set(string key, string value) => new()
{
    Set = new SetQuery
    {
        Collection = "numbers",
        Key = new Key { Data = ByteString.CopyFromUtf8(key) },
        Value = new CipherBlob { Data = ByteString.CopyFromUtf8(value) },
    },
};
