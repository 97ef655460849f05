using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Net.Testing;

/// <summary>A store of tickets that never works, as one behind a broken disk. Tells which of its members were called.</summary>
public sealed class ThrowingTicketStore : SessionTicketStore
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _calls = new();

    /// <summary>Waits until a member has been called.</summary>
    /// <param name="member">Its name.</param>
    /// <returns>A task.</returns>
    public Task WaitForCallAsync(string member) => Call(member).Task.WithTimeout(awaited: member);

    /// <inheritdoc/>
    public override SessionTicket? TakeTicket(in SessionTicketKey key) => throw Fail();

    /// <inheritdoc/>
    public override void AddTicket(in SessionTicketKey key, SessionTicket ticket) => throw Fail();

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> TakeToken(in SessionTicketKey key) => throw Fail();

    /// <inheritdoc/>
    public override void AddToken(in SessionTicketKey key, ReadOnlyMemory<byte> token) => throw Fail();

    private InvalidOperationException Fail([CallerMemberName] string member = "")
    {
        Call(member).TrySetResult();
        return new InvalidOperationException($"{member} does not work.");
    }

    private TaskCompletionSource Call(string member) => _calls.GetOrAdd(member, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
