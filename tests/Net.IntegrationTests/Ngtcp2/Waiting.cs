using System.Runtime.CompilerServices;
using Net.Testing;

namespace Net.IntegrationTests.Ngtcp2;

/// <summary>Waits for what nothing tells of when it happens.</summary>
internal static class Waiting
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(2);

    internal static Task Until(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string awaited = "") =>
        Until(() => Task.FromResult(condition()), awaited);

    /// <summary>Looks again and again, within the limit of <see cref="TestDeadline"/>.</summary>
    internal static async Task Until(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string awaited = "")
    {
        using var timer = new PeriodicTimer(LookAgain);
        long start = Environment.TickCount64;
        while (!await condition().WithTimeout(awaited: awaited))
        {
            if (Environment.TickCount64 - start > TestDeadline.Limit.TotalMilliseconds)
            {
                throw new TimeoutException($"Waited {TestDeadline.Limit.TotalSeconds} s in vain for: {awaited}");
            }

            await timer.WaitForNextTickAsync();
        }
    }
}
