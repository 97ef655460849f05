using System.Globalization;
using System.Text;
using Net.Aql;

namespace Net.Hosting.Benchmarking;

/// <summary>Reads and writes rows of the collection <c>bench</c>, by turns in the share that was asked for, with keys by chance.</summary>
internal sealed class AqlCaller(AqlClient client, byte[] value, int writePercent, Random random, TimeProvider timeProvider) : BenchCaller
{
    internal const int Keys = 10_000;
    internal const string Collection = "bench";

    internal override bool IsOpen => true;

    internal override async ValueTask<TimeSpan> CallAsync(CancellationToken cancellationToken)
    {
        byte[] key = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{random.Next(Keys):D5}"));
        bool isWrite = random.Next(100) < writePercent;
        long started = timeProvider.GetTimestamp();
        if (isWrite)
        {
            await client.SetAsync(Collection, key, value, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await client.GetAsync(Collection, key, cancellationToken).ConfigureAwait(false);
        }

        return timeProvider.GetElapsedTime(started);
    }
}
