using System.Globalization;
using Net.Aql;

namespace Net.Hosting.Asking;

/// <summary>The prompt of <c>net aql</c>: reads lines at a terminal, with editing and the lines before, until the end is asked for.</summary>
internal sealed class AskPrompt(HostContext context, AskOptions options, Func<string, Task> answer)
{
    private const string Prompt = "aql> ";

    private static readonly string Help = string.Join(Environment.NewLine, (string[])[
        "get users/42                                  set users/42 \"Ada\"                delete users/42",
        "range users a..b limit 10                     filter users where key >= a       update users where key = 42 set value = \"Bo\"",
        "Several queries with ; between them. Arrows: edit, and the lines before. Tab completes. help, quit or Ctrl-D.",
    ]);

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        await context.Output.WriteLineAsync($"Queries go to {options.Target.EndPoint}. help shows examples; quit or Ctrl-D ends.").ConfigureAwait(false);
        var editor = new LineEditor([.. AqlText.Keywords, .. AqlText.ColumnNames, "help", "quit"]);
        while (!cancellationToken.IsCancellationRequested)
        {
            LineEvent ended = ReadLine(editor);
            await context.Output.WriteLineAsync().ConfigureAwait(false);
            string line = editor.Text.Trim();
            editor.Begin();
            if (ended == LineEvent.Ended || line is "quit" or "exit")
            {
                return;
            }

            if (line == "help")
            {
                await context.Output.WriteLineAsync(Help).ConfigureAwait(false);
            }
            else if (ended == LineEvent.Submitted && line.Length > 0)
            {
                await answer(line).ConfigureAwait(false);
            }
        }
    }

    private LineEvent ReadLine(LineEditor editor)
    {
        Draw(editor);
        while (true)
        {
            if (context.ReadKey() is not ConsoleKeyInfo key)
            {
                return LineEvent.Ended;
            }

            LineEvent happened = editor.Apply(key);
            if (happened != LineEvent.Edited)
            {
                return happened;
            }

            Draw(editor);
        }
    }

    // Carriage return, the line, clear what is left of the old one, back to the cursor.
    private void Draw(LineEditor editor)
    {
        int back = editor.Text.Length - editor.Cursor;
        context.Output.Write(string.Create(CultureInfo.InvariantCulture, $"\r{Prompt}{editor.Text}\u001b[K{(back > 0 ? $"\u001b[{back}D" : "")}"));
        context.Output.Flush();
    }
}
