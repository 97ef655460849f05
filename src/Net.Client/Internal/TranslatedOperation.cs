using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Net.Client;

/// <summary>Waits for an operation of the transport and hands its result on, its failures translated. Made once and used for each wait, so that waiting allocates nothing.</summary>
/// <remarks>An async method would do the same but for a new state machine at each wait. Continuations run where the transport completes: no hop is added.</remarks>
internal abstract class TranslatedOperation<TResult> : IValueTaskSource<TResult>
{
    private readonly Action _complete;
    private ManualResetValueTaskSourceCore<TResult> _core;
    private ConfiguredValueTaskAwaitable<TResult>.ConfiguredValueTaskAwaiter _awaiter;

    protected TranslatedOperation() => _complete = Complete;

    /// <summary>Waits for an operation. The one before must be over, as pipes allow one at a time.</summary>
    internal ValueTask<TResult> Wait(ValueTask<TResult> operation)
    {
        if (operation.IsCompleted)
        {
            return new ValueTask<TResult>(Finish(operation.ConfigureAwait(false).GetAwaiter()));
        }

        _core.Reset();
        var task = new ValueTask<TResult>(this, _core.Version);
        _awaiter = operation.ConfigureAwait(false).GetAwaiter();
        _awaiter.UnsafeOnCompleted(_complete);
        return task;
    }

    TResult IValueTaskSource<TResult>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<TResult>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<TResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    /// <summary>Makes the result out of the transport's.</summary>
    /// <param name="result">The transport's result.</param>
    /// <returns>The result; throws when the stream has ended otherwise.</returns>
    protected abstract TResult Translate(TResult result);

    /// <summary>Makes a result out of a failure.</summary>
    /// <param name="exception">The transport's failure.</param>
    /// <returns>The result, or throws the translated failure.</returns>
    protected abstract TResult Translate(Exception exception);

    private TResult Finish(ConfiguredValueTaskAwaitable<TResult>.ConfiguredValueTaskAwaiter awaiter)
    {
        TResult result;
        try
        {
            result = awaiter.GetResult();
        }
        catch (Exception exception) when (exception is TransportException or OperationCanceledException or InvalidOperationException)
        {
            return Translate(exception);
        }

        return Translate(result);
    }

    private void Complete()
    {
        ConfiguredValueTaskAwaitable<TResult>.ConfiguredValueTaskAwaiter awaiter = _awaiter;
        _awaiter = default;
        TResult result;
        try
        {
            result = Finish(awaiter);
        }
#pragma warning disable CA1031 // Whatever the transport throws must reach the waiter: nobody else sees it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _core.SetException(exception);
            return;
        }

        _core.SetResult(result);
    }
}
