using System.Globalization;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Net.Aql;
using Net.Protocol.Aql;
using Net.Testing;

namespace Net.UnitTests.Aql;

/// <summary>Replays the examples and tables of protocol/aql.md, so that text and code cannot drift apart.</summary>
[TestClass]
public sealed partial class AqlSpecificationTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "protocol", "aql.md")).ReplaceLineEndings("\n");

    [TestMethod]
    public async Task Examples_OfTheWire_AreTheConversationThatTheHostHas()
    {
        await using AqlStore store = AqlStore.CreateInMemory();
        var engine = new AqlEngine(store, new ManualTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        var answers = new Queue<IMessage>();
        int asked = 0;
        foreach (Match example in Example().Matches(Text))
        {
            string line = $"line {Text[..example.Index].Count(c => c == '\n') + 1}";
            byte[] bytes = Convert.FromHexString(string.Concat(example.Groups[3].Value.Split('\n').Select(l => l.Split(';')[0].Replace(" ", "", StringComparison.Ordinal))));
            if (example.Groups[1].Value == "ask")
            {
                Assert.IsEmpty(answers, $"{line}: an answer to the question before is missing");
                asked++;
                await AskAsync(engine, example.Groups[2].Value, bytes, example.Groups[4].Value, answers, line);
                continue;
            }

            IMessage answer = answers.Dequeue();
            Assert.AreEqual(example.Groups[2].Value, answer.Descriptor.Name, line);
            Assert.AreEqual(Convert.ToHexStringLower(answer.ToByteArray()), Convert.ToHexStringLower(bytes), $"{line}: {answer}");
        }

        Assert.IsEmpty(answers);
        Assert.AreEqual(9, asked);
    }

    [TestMethod]
    public void Examples_OfText_AreReadAndWrittenAsTheSame()
    {
        IReadOnlyList<Query> queries = [.. TextExample().Matches(Text).SelectMany(m => AqlText.ParseScript(m.Groups[1].Value))];

        Assert.HasCount(12, queries);
        Assert.AreEqual(6, queries.Select(q => q.QueryCase).Distinct().Count());
        foreach (Query query in queries)
        {
            Assert.AreEqual(query, AqlText.Parse(AqlText.Format(query)));
        }
    }

    [TestMethod]
    public void Examples_OfMistakes_AreToldAsWritten()
    {
        MatchCollection mistakes = Mistake().Matches(Text);

        Assert.HasCount(2, mistakes);
        foreach (Match mistake in mistakes)
        {
            AqlSyntaxException thrown = Assert.ThrowsExactly<AqlSyntaxException>(() => AqlText.Parse(mistake.Groups[1].Value));
            Assert.AreEqual(mistake.Groups[2].Value, thrown.Message.ReplaceLineEndings("\n"));
        }
    }

    [TestMethod]
    public void Errors_TableOfTheSpecification_EqualsTheCode()
    {
        string[] coded = [.. AqlErrors.All.Select(row =>
            string.Create(CultureInfo.InvariantCulture, $"| {(int)row.Code} | {row.Code} | {row.Category.ToString()["Category".Length..]} | {row.Status} |"))];

        CollectionAssert.AreEqual(coded, RowsAfter("| code | name | category | gRPC status |"));
    }

    [TestMethod]
    public void Limits_TableOfTheSpecification_EqualsTheDefaults()
    {
        string[] coded = [.. typeof(AqlLimits).GetProperties().Where(p => p.Name != nameof(AqlLimits.Default))
            .Select(p => string.Create(CultureInfo.InvariantCulture, $"| {p.Name} | {p.GetValue(AqlLimits.Default)} |"))];

        CollectionAssert.AreEqual(coded, RowsAfter("| limit | default |"));
        Assert.Contains($"A row counts its key, its value and {AqlLimits.RowOverhead} bytes", Text);
        Assert.Contains($"1 to {AqlLimits.MaxCollectionNameSize} bytes of UTF-8", Text);
        Assert.Contains($"at most {AqlProtocol.StreamChunkRows} rows", Text);
        Assert.Contains($"has {AqlEngineOptions.Default.DefaultTimeout.TotalSeconds} seconds (a default)", Text);
        Assert.Contains($"more than {AqlEngineOptions.Default.MaxTimeout.TotalMinutes} minutes (a default)", Text);
    }

    [TestMethod]
    public void Columns_TableOfTheSpecification_EqualsTheCode()
    {
        CollectionAssert.AreEqual(AqlText.ColumnNames.ToArray(), RowsAfter("| column | is | compared |").Select(row => row.Split('|')[1].Trim()).ToArray());
        CollectionAssert.AreEqual(
            AqlText.ColumnNames.Select(name => Columns.IsNumeric(Columns.Find(new ColumnRef { Name = name })) ? "as a number" : "byte by byte").ToArray(),
            RowsAfter("| column | is | compared |").Select(row => row.Split('|')[3].Trim()).ToArray());
    }

    [TestMethod]
    public void Methods_TableOfTheSpecification_EqualsTheProto()
    {
        string[] coded = [.. AqlMethods.Contract.Service.Methods.Select(method =>
            $"| {method.Name} | {(method.IsClientStreaming ? "stream of " : "")}{method.InputType.Name} | {(method.IsServerStreaming ? "stream of " : "")}{method.OutputType.Name} |")];

        CollectionAssert.AreEqual(coded, RowsAfter("| method | request | response |"));
        Assert.AreEqual(AqlProtocol.ServiceName, AqlMethods.Contract.Name);
        Assert.IsTrue(AqlProtocol.Capabilities.All(capability => Text.Contains($"`{capability}`", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Fields_TableOfTheSpecification_EqualsTheProtos()
    {
        FileDescriptor[] files = [AqlReflection.Descriptor, QueryReflection.Descriptor, TypesReflection.Descriptor, ErrorsReflection.Descriptor];
        string[] coded = [.. files.SelectMany(file => file.MessageTypes).Select(message =>
            $"| {message.Name} | {string.Join(", ", message.Fields.InFieldNumberOrder().Select(Describe))} |")];

        CollectionAssert.AreEqual(coded, RowsAfter("| message | fields |"));

        static string Describe(FieldDescriptor field)
        {
            string mark = field.IsRepeated ? "*" : field.ContainingOneof is not null && field.RealContainingOneof is null ? "?" : "";
            return string.Create(CultureInfo.InvariantCulture, $"{field.Name}{mark} {field.FieldNumber}");
        }
    }

    private static async Task AskAsync(AqlEngine engine, string method, byte[] bytes, string said, Queue<IMessage> answers, string line)
    {
        if (method == "ExecuteBatch")
        {
            BatchRequest batch = BatchRequest.Parser.ParseFrom(bytes);
            CollectionAssert.AreEqual(AqlText.ParseScript(said).ToArray(), batch.Queries.ToArray(), line);
            CollectionAssert.AreEqual(bytes, batch.ToByteArray(), line);
            answers.Enqueue(await engine.ExecuteBatchAsync(batch));
            return;
        }

        QueryRequest request = QueryRequest.Parser.ParseFrom(bytes);
        Assert.AreEqual(AqlText.Parse(said), request.Query, line);
        CollectionAssert.AreEqual(bytes, request.ToByteArray(), line);
        if (method == "ExecuteQuery")
        {
            answers.Enqueue(await engine.ExecuteQueryAsync(request));
            return;
        }

        Assert.AreEqual("ExecuteStream", method, line);
        await foreach (StreamResponse response in engine.ExecuteStreamAsync(request))
        {
            answers.Enqueue(response);
        }
    }

    // The rows of the table that begins with a header, without the line of dashes.
    private static string[] RowsAfter(string header)
    {
        int start = Text.IndexOf(header + "\n", StringComparison.Ordinal);
        Assert.IsGreaterThanOrEqualTo(0, start, $"The specification has no table that begins with {header}");
        return [.. Text[start..].Split('\n').Skip(2).TakeWhile(line => line.StartsWith('|'))];
    }

    [GeneratedRegex("```wire (ask|answer) (\\w+)\n(.*?)-- (.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex("```aql\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex TextExample();

    [GeneratedRegex("```mistake (.*?)\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Mistake();
}
