using System.Threading.Channels;
using Net.Hosting.Watching;
using Net.Testing;

namespace Net.IntegrationTests.Host;

/// <summary>A terminal whose keys a test presses and whose screen it reads.</summary>
internal sealed class FakeTerminal : LiveTerminal
{
    private readonly Channel<ConsoleKeyInfo?> _keys = Channel.CreateUnbounded<ConsoleKeyInfo?>();
    private readonly Lock _lock = new();
    private readonly List<(Func<string, bool> Condition, TaskCompletionSource<string> Seen)> _awaited = [];
    private (int, int) _size = (160, 40);
    private string _screen = "";

    internal bool IsOpen { get; private set; }

    internal override (int Width, int Height) Size => _size;

    internal override void Open() => IsOpen = true;

    internal void Press(char key) => _keys.Writer.TryWrite(new ConsoleKeyInfo(key, ConsoleKey.None, false, false, false));

    internal void Resize(int width, int height)
    {
        _size = (width, height);
        _keys.Writer.TryWrite(null);
    }

    /// <summary>Waits until the screen shows something.</summary>
    internal async Task<string> WaitForAsync(Func<string, bool> condition)
    {
        var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (condition(_screen))
            {
                return _screen;
            }

            _awaited.Add((condition, seen));
        }

        try
        {
            return await seen.Task.WithTimeout();
        }
        catch (TimeoutException)
        {
            Assert.Fail($"The screen never showed it. It shows:\n{_screen}");
            throw;
        }
    }

    internal override void Write(string text)
    {
        lock (_lock)
        {
            _screen = text;
            foreach ((Func<string, bool> condition, TaskCompletionSource<string> seen) in _awaited)
            {
                if (condition(text))
                {
                    seen.TrySetResult(text);
                }
            }
        }
    }

    internal override Task<ConsoleKeyInfo?> ReadKeyAsync(CancellationToken cancellationToken) => _keys.Reader.ReadAsync(cancellationToken).AsTask();

    public override void Dispose() => IsOpen = false;
}
