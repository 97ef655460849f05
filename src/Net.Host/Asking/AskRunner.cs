using System.Globalization;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Net.Aql;
using Net.Grpc;
using Net.Hosting.Calling;
using Net.Hosting.Echoing;
using Net.Hosting.Serving;
using Net.Protocol.Aql;
using Spectre.Console;

namespace Net.Hosting.Asking;

/// <summary>Runs <c>net aql</c>: the queries of the command line, of a file or of standard input, or a prompt.</summary>
internal sealed class AskRunner(HostContext context, AskOptions options)
{
    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var signals = new ShutdownSignals();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop, cancellationToken);
        bool isPrompt = options is { Text: null, FilePath: null } && !context.IsInputRedirected;
        IReadOnlyList<Query> queries = isPrompt ? [] : Parse(await ReadAsync(stop.Token).ConfigureAwait(false));
        CallChannel channel = await CallChannel.OpenAsync(context, options.Target).ConfigureAwait(false);
        await using (channel.ConfigureAwait(false))
        {
            var client = new AqlClient(channel.Client);
            if (isPrompt)
            {
                await new AskPrompt(context, options, text => AnswerAsync(client, text, stop.Token)).RunAsync(stop.Token).ConfigureAwait(false);
                return ExitCodes.Ok;
            }

            List<AskReport> reports = [];
            try
            {
                await AskAsync(client, queries, reports, stop.Token).ConfigureAwait(false);
            }
            finally
            {
                // What was answered before a failure is told, too.
                Write(reports);
            }
        }

        return ExitCodes.Ok;
    }

    private async Task AnswerAsync(AqlClient client, string text, CancellationToken cancellationToken)
    {
        try
        {
            List<AskReport> reports = [];
            await AskAsync(client, Parse(text), reports, cancellationToken).ConfigureAwait(false);
            Write(reports);
        }
        catch (HostException exception)
        {
            await context.Error.WriteLineAsync(exception.Message).ConfigureAwait(false);
        }
    }

    private async Task AskAsync(AqlClient client, IReadOnlyList<Query> queries, List<AskReport> reports, CancellationToken cancellationToken)
    {
        try
        {
            if (options.Batch)
            {
                long started = context.TimeProvider.GetTimestamp();
                IReadOnlyList<QueryResult> results = await client.BatchAsync(queries, cancellationToken).ConfigureAwait(false);
                TimeSpan time = context.TimeProvider.GetElapsedTime(started);
                reports.AddRange(queries.Zip(results, (query, result) => Describe(query, result, time)));
                return;
            }

            foreach (Query query in queries)
            {
                reports.Add(await AskAsync(client, query, cancellationToken).ConfigureAwait(false));
            }
        }
        catch (AqlException exception)
        {
            string retry = exception.RetryAfter is TimeSpan wait ? $" Try again in {wait.TotalSeconds:0} s." : "";
            throw new HostException(ExitCodes.Failure, $"The server refused the query ({exception.Code}): {PlainText.Clean(exception.Message, HostErrors.MaxServerText)}{retry}", exception);
        }
        catch (GrpcException exception)
        {
            throw HostErrors.CallFailed(exception, options.Target.EndPoint);
        }
    }

    private async Task<AskReport> AskAsync(AqlClient client, Query query, CancellationToken cancellationToken)
    {
        long started = context.TimeProvider.GetTimestamp();
        if (query.QueryCase is not (Query.QueryOneofCase.Range or Query.QueryOneofCase.Filter))
        {
            QueryResult result = await client.QueryAsync(query, cancellationToken).ConfigureAwait(false);
            return Describe(query, result, context.TimeProvider.GetElapsedTime(started));
        }

        // Rows come as a stream, so that a large collection needs neither one large message nor all of it here.
        List<AskRow> rows = [];
        bool isCut = false;
        await foreach (KeyValue row in client.StreamAsync(query, cancellationToken).ConfigureAwait(false))
        {
            if (rows.Count == options.MaxRows)
            {
                isCut = true;
                break;
            }

            rows.Add(ToRow(row));
        }

        return new AskReport { Query = AqlText.Format(query), Rows = rows, IsCut = isCut, Milliseconds = Round(context.TimeProvider.GetElapsedTime(started)) };
    }

    private static AskReport Describe(Query query, QueryResult result, TimeSpan time)
    {
        var report = new AskReport { Query = AqlText.Format(query), Milliseconds = Round(time) };
        return result.ResultCase switch
        {
            QueryResult.ResultOneofCase.Single => report with { Rows = result.Single.Value is { } value ? [new AskRow(ToText(query.Get?.Key?.Data), ToText(value.Data))] : [] },
            QueryResult.ResultOneofCase.Multi => report with { Rows = [.. result.Multi.Values.Select(ToRow)] },
            QueryResult.ResultOneofCase.Success => report with { AffectedRows = result.Success.AffectedRows },
            _ => report,
        };
    }

    private static AskRow ToRow(KeyValue row) => new(ToText(row.Key?.Data), ToText(row.Value?.Data));

    private static string ToText(ByteString? bytes) => bytes is null ? "" : AqlText.FormatBytes(bytes);

    private static double Round(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);

    private async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        if (options.Text is string text)
        {
            return text;
        }

        byte[] bytes = options.FilePath is string path
            ? await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false)
            : await PayloadSource.ReadInputAsync(context, cancellationToken).ConfigureAwait(false);
        return Encoding.UTF8.GetString(bytes);
    }

    private static IReadOnlyList<Query> Parse(string text)
    {
        try
        {
            IReadOnlyList<Query> queries = AqlText.ParseScript(text);
            return queries.Count > 0 ? queries : throw new HostException(ExitCodes.Usage, "There is no query; write for example: get users/42");
        }
        catch (AqlSyntaxException exception)
        {
            throw new HostException(ExitCodes.Usage, $"This is no AQL: {exception.Message}", exception);
        }
    }

    private void Write(IReadOnlyList<AskReport> reports)
    {
        if (options.Json)
        {
            context.Output.WriteLine(JsonSerializer.Serialize(reports, HostJson.Default.IReadOnlyListAskReport));
            return;
        }

        foreach (AskReport report in reports)
        {
            if (report.Rows is { Count: > 0 } rows)
            {
                Table table = new Table().Border(TableBorder.Rounded).AddColumns("key", "value");
                foreach (AskRow row in rows)
                {
                    table.AddRow(Markup.Escape(row.Key), Markup.Escape(row.Value));
                }

                context.Console.Write(table);
            }

            string sum = report.AffectedRows is ulong affected ? $"{affected} rows changed"
                : report.IsCut == true ? $"the first {report.Rows?.Count} rows; --max-rows or a limit in the query says how many"
                : $"{report.Rows?.Count ?? 0} rows";
            context.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sum} in {report.Milliseconds:0.000} ms"));
        }
    }
}
