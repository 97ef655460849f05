namespace Net.Hosting.Watching;

/// <summary>The terminal of the process: its alternate screen, so that what stood there comes back.</summary>
internal sealed class ProcessTerminal(TextWriter output, TimeProvider timeProvider) : LiveTerminal
{
    // Short enough to feel immediate; the system offers no wait for a key that could be given up.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);

    private bool _isOpen;

    internal override (int Width, int Height) Size => (Math.Max(1, Console.WindowWidth), Math.Max(1, Console.WindowHeight));

    internal override void Open()
    {
        _isOpen = true;
        Write("\e[?1049h\e[?25l");
    }

    internal override void Write(string text)
    {
        output.Write(text);
        output.Flush();
    }

    internal override async Task<ConsoleKeyInfo?> ReadKeyAsync(CancellationToken cancellationToken)
    {
        (int, int) size = Size;
        while (!Console.KeyAvailable)
        {
            if (Size != size)
            {
                return null;
            }

            await Task.Delay(Pause, timeProvider, cancellationToken).ConfigureAwait(false);
        }

        return Console.ReadKey(intercept: true);
    }

    public override void Dispose()
    {
        if (_isOpen)
        {
            _isOpen = false;
            Write("\e[?25h\e[?1049l");
        }
    }
}
