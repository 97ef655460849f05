using System.Runtime.CompilerServices;

namespace Net.Testing;

/// <summary>Ends every wait of a test: what does not come within the limit fails the test by name instead of hanging the run.</summary>
public static class TestDeadline
{
    /// <summary>How long a test waits for anything: 30 s, far more than any of it takes.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Awaits a task with the limit.</summary>
    /// <param name="task">The task.</param>
    /// <param name="limit">Another limit.</param>
    /// <param name="awaited">What is awaited, filled in by the compiler.</param>
    /// <returns>A task that fails with <see cref="TimeoutException"/> naming what did not come.</returns>
    public static async Task WithTimeout(this Task task, TimeSpan? limit = null, [CallerArgumentExpression(nameof(task))] string awaited = "")
    {
        ArgumentNullException.ThrowIfNull(task);
        try
        {
            await task.WaitAsync(limit ?? Limit).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw Missed(limit, awaited);
        }
    }

    /// <inheritdoc cref="WithTimeout(Task, TimeSpan?, string)"/>
    public static async Task<T> WithTimeout<T>(this Task<T> task, TimeSpan? limit = null, [CallerArgumentExpression(nameof(task))] string awaited = "")
    {
        ArgumentNullException.ThrowIfNull(task);
        try
        {
            return await task.WaitAsync(limit ?? Limit).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw Missed(limit, awaited);
        }
    }

    /// <inheritdoc cref="WithTimeout(Task, TimeSpan?, string)"/>
    public static Task WithTimeout(this ValueTask task, TimeSpan? limit = null, [CallerArgumentExpression(nameof(task))] string awaited = "") =>
        task.AsTask().WithTimeout(limit, awaited);

    /// <inheritdoc cref="WithTimeout(Task, TimeSpan?, string)"/>
    public static Task<T> WithTimeout<T>(this ValueTask<T> task, TimeSpan? limit = null, [CallerArgumentExpression(nameof(task))] string awaited = "") =>
        task.AsTask().WithTimeout(limit, awaited);

    private static TimeoutException Missed(TimeSpan? limit, string awaited) =>
        new($"Waited {(limit ?? Limit).TotalSeconds:0.###} s in vain for: {awaited}");
}
