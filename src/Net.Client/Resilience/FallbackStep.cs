namespace Net.Client;

/// <summary>One step of a fallback chain: another set of end points, another protocol, or an answer that needs no server.</summary>
public sealed class FallbackStep
{
    private readonly Delegate? _answer;

    private FallbackStep(string name, LeaseSource? source, ChannelProtocol? protocol, Delegate? answer)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Name = name;
        Source = source;
        Protocol = protocol;
        _answer = answer;
    }

    /// <summary>The step's name in spans and metrics.</summary>
    public string Name { get; }

    internal LeaseSource? Source { get; }

    internal ChannelProtocol? Protocol { get; }

    internal bool IsAnswer => _answer is not null;

    /// <summary>Sends the call to other end points.</summary>
    /// <param name="name">Their name, from a closed set, as it is a metric's tag.</param>
    /// <param name="source">The channel to them, with the same clock as the call's own; it stays the caller's.</param>
    /// <param name="protocol">What to speak there; <c>null</c>: what the call speaks.</param>
    /// <returns>The step.</returns>
    public static FallbackStep ToChannel(string name, LeaseSource source, ChannelProtocol? protocol = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new FallbackStep(name, source, protocol, null);
    }

    /// <summary>Sends the call to the same end points over another protocol, such as HTTP/2 on TCP. The call's handler must be able to use its sessions.</summary>
    /// <param name="protocol">The protocol; its name is the step's.</param>
    /// <returns>The step.</returns>
    public static FallbackStep ToProtocol(ChannelProtocol protocol)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        return new FallbackStep(protocol.Name, null, protocol, null);
    }

    /// <summary>Answers without a server: with the last good answer, or a fixed one.</summary>
    /// <typeparam name="TResult">What calls of the method return; another type is an error when the step is reached.</typeparam>
    /// <param name="name">The step's name, from a closed set, such as <c>stale</c>.</param>
    /// <param name="answer">Makes the answer, quickly: it may be asked after the deadline. Its token is the caller's.</param>
    /// <returns>The step.</returns>
    public static FallbackStep Answer<TResult>(string name, Func<FallbackContext, CancellationToken, ValueTask<TResult>> answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return new FallbackStep(name, null, null, answer);
    }

    internal ValueTask<TResult> AnswerAsync<TResult>(FallbackContext context, CancellationToken cancellationToken) =>
        _answer is Func<FallbackContext, CancellationToken, ValueTask<TResult>> answer
            ? answer(context, cancellationToken)
            : throw new InvalidOperationException(
                $"The fallback '{Name}' of method '{context.Method}' gives another type than the call wants, {typeof(TResult)}; make it with FallbackStep.Answer<{typeof(TResult).Name}>.",
                context.Failure);
}
