using System.Globalization;
using Google.Protobuf;
using Net.Aql;
using Net.Protocol.Aql;
using Net.Testing;
using static Net.UnitTests.Aql.Requests;

namespace Net.UnitTests.Aql.Text;

/// <summary>AQL as people write it: what it means, where it is wrong, and that what is written is read as the same.</summary>
[TestClass]
public sealed class ParserTests
{
    public static IEnumerable<object[]> Queries =>
    [
        ["get users/42", Get("users", "42")],
        ["  GET\tusers / 42 ; ", Get("users", "42")],
        ["get users/\"a b\\\"c\\\\\"", Get("users", "a b\"c\\")],
        ["get \"my users\"/größe", Get("my users", "größe")],
        ["get get/set", Get("get", "set")],
        ["-- who is it?\nget users/42 -- that one", Get("users", "42")],
        ["set users/42 \"Ada\\n\\t\\r\\0\\u{1F388}\"", Set("users", "42", "Ada\n\t\r\0🎈")],
        ["set users/42 7", Set("users", "42", "7")],
        ["set users/42 \"\"", Set("users", "42", "")],
        ["delete users/a.b:c-d@e", Delete("users", "a.b:c-d@e")],
        ["range users", Range("users")],
        ["range users a..b limit 10", Range("users", "a", "b", 10)],
        ["range users a..", Range("users", "a")],
        ["range users ..b", Range("users", null, "b")],
        ["range users .. limit 0", Range("users", null, null, 0)],
        ["range users limit 4294967295", Range("users", null, null, uint.MaxValue)],
        ["range users \"limit\"..\"\"", Range("users", "limit", "")],
        ["range users a.b...c", Range("users", "a.b", ".c")],
        ["filter users where key = a", Filter("users", Eq("key", "a"))],
        ["filter users where key != a", Filter("users", Not(Eq("key", "a")))],
        ["filter users where length>=100 limit 1 offset 2", Filter("users", Gte("length", "100"), 1, 2)],
        ["filter users where length <= -1 offset 2 limit 1", Filter("users", Lte("length", "-1"), 1, 2)],
        ["filter users where key < a or key > b and not value = c", Filter("users", Or(Lt("key", "a"), And(Gt("key", "b"), Not(Eq("value", "c")))))],
        ["filter users where (key < a or key > b) and not (not value = c)", Filter("users", And(Or(Lt("key", "a"), Gt("key", "b")), Not(Not(Eq("value", "c")))))],
        ["filter users where not key = a and key = b", Filter("users", And(Not(Eq("key", "a")), Eq("key", "b")))],
        ["update users where key = 42 set value = \"x\"", Update("users", Eq("key", "42"), SetTo("value", "x"))],
        ["update users set value = \"x\" where key = 42", Update("users", Eq("key", "42"), SetTo("value", "x"))],
        ["update users where key = 42 set version+=1, version *= 2, value = \"\"", Update("users", Eq("key", "42"), Add("version", "1"), Mul("version", "2"), SetTo("value", ""))],
    ];

    [TestMethod]
    [DynamicData(nameof(Queries))]
    public void Parse_Text_IsTheQuery(string text, Query query)
    {
        Assert.AreEqual(query, AqlText.Parse(text));
    }

    [TestMethod]
    [DataRow("x\"00ff7F\"", "00FF7F")]
    [DataRow("x\"\"", "")]
    [DataRow("b64\"AP9/\"", "00FF7F")]
    [DataRow("b64\"AA==\"", "00")]
    [DataRow("\"\\x00\\xff\"", "00FF")]
    [DataRow("\"ä\\xc3\"", "C3A4C3")]
    public void Parse_Literals_AreTheirBytes(string literal, string hex)
    {
        Assert.AreEqual(hex, Convert.ToHexString(AqlText.Parse($"set c/k {literal}").Set.Value.Data.Span));
        Assert.AreEqual(hex, Convert.ToHexString(AqlText.Parse($"get c/{literal}").Get.Key.Data.Span));
    }

    [TestMethod]
    public void Parse_Metadata_IsTheValues()
    {
        Query query = AqlText.Parse("set c/k \"v\" with (size = 10, compression = ZSTD, checksum = 4294967295, created_at = -5, version = 0)");

        Assert.AreEqual(new CipherMetadata { Size = 10, Compression = CompressionType.CompressionZstd, Checksum = uint.MaxValue, CreatedAt = -5, Version = 0 }, query.Set.Value.Metadata);
        Assert.IsNull(AqlText.Parse("set c/k \"v\"").Set.Value.Metadata);
        Assert.AreEqual(new CipherMetadata(), AqlText.Parse("set c/k \"v\" with ()").Set.Value.Metadata);
    }

    [TestMethod]
    public void Parse_LongChain_IsBalanced()
    {
        string chain = string.Join(" or ", Enumerable.Range(0, 1000).Select(i => $"key = k{i}"));

        Query query = AqlText.Parse("filter c where " + chain);

        // Hosts and messages bound how deep a predicate may be; a long list of keys has to fit.
        Assert.AreEqual(query, Query.Parser.ParseFrom(query.ToByteArray()));
        Assert.IsNotNull(PredicateCompiler.Compile(query.Filter.Predicate, AqlLimits.Default));
    }

    [TestMethod]
    [DataRow("", 1, 1, "expected get, set, delete, range, filter or update, found the end", "  ")]
    [DataRow("fetch users/1", 1, 1, "expected get, set, delete, range, filter or update, found 'fetch'", "  fetch users/1")]
    [DataRow("get", 1, 4, "expected the name of a collection, found the end", "  get")]
    [DataRow("get users", 1, 10, "expected '/' and a key after the collection users, found the end", "  get users")]
    [DataRow("get users/", 1, 11, "expected a key", "  get users/")]
    [DataRow("get users/a/b", 1, 12, "expected the end: one query is read here, and more follows", "  get users/a/b")]
    [DataRow("get users/1\nget users/2", 2, 1, "expected the end", "  get users/2")]
    [DataRow("get x\"ff\"/1", 1, 5, "expected the name of a collection, which is text, found bytes that are no UTF-8", "  get x\"ff\"/1")]
    [DataRow("set users/1", 1, 12, "expected a value, found the end", "  set users/1")]
    [DataRow("set users/1 \"abc", 1, 13, "the quote that begins here has no end", "  set users/1 \"abc")]
    [DataRow("set users/1 \"a\\qb\"", 1, 15, "an escape is one of", "  set users/1 \"a\\qb\"")]
    [DataRow("set users/1 \"a\\x1\"", 1, 15, "an escape is one of", "  set users/1 \"a\\x1\"")]
    [DataRow("set users/1 \"\\u{d800}\"", 1, 14, "an escape is one of", "  set users/1 \"\\u{d800}\"")]
    [DataRow("set users/1 x\"0g\"", 1, 16, "a hexadecimal digit is 0 to 9 or a to f", "  set users/1 x\"0g\"")]
    [DataRow("set users/1 x\"000\"", 1, 13, "two hexadecimal digits make a byte, and here are 3", "  set users/1 x\"000\"")]
    [DataRow("set users/1 b64\"a\"", 1, 17, "this is no base64", "  set users/1 b64\"a\"")]
    [DataRow("set users/1 \"a\" with (color = 1)", 1, 23, "expected size, compression, checksum, created_at or version, found 'color'", "  set users/1 \"a\" with (color = 1)")]
    [DataRow("set users/1 \"a\" with (compression = gzip)", 1, 37, "expected none, lz4 or zstd, found 'gzip'", "  set users/1 \"a\" with (compression = gzip)")]
    [DataRow("set users/1 \"a\" with (version = 4294967296)", 1, 33, "expected the version, 0 to 4294967295", "  set users/1 \"a\" with (version = 4294967296)")]
    [DataRow("range users a", 1, 14, "expected '..' after the first key", "  range users a")]
    [DataRow("range users limit", 1, 18, "expected a number of rows after limit", "  range users limit")]
    [DataRow("range users limit -1", 1, 19, "expected a number of rows after limit, 0 to 4294967295, found '-1'", "  range users limit -1")]
    [DataRow("filter users limit 1", 1, 14, "expected 'where' and a predicate; all rows are had with range", "  filter users limit 1")]
    [DataRow("filter users where", 1, 19, "expected a column (key, value, ", "  filter users where")]
    [DataRow("filter users where key", 1, 23, "expected =, !=, <, <=, > or >= after the column, found the end", "  filter users where key")]
    [DataRow("filter users where key >", 1, 25, "expected a value after >", "  filter users where key >")]
    [DataRow("filter users where (key = a", 1, 28, "expected 'and', 'or' or ')', found the end", "  filter users where (key = a")]
    [DataRow("filter users where key = a limit 1 limit 2", 1, 36, "expected the end", "  filter users where key = a limit 1 limit 2")]
    [DataRow("update users where key = a", 1, 27, "expected 'set' and what to change", "  update users where key = a")]
    [DataRow("update users set value = \"x\"", 1, 29, "expected 'where' and a predicate: only rows that it holds for are changed", "  update users set value = \"x\"")]
    [DataRow("update users where key = a set value", 1, 37, "expected =, += or *= after the column", "  update users where key = a set value")]
    [DataRow("get users/a?", 1, 12, "'?' cannot stand here; put it in quotes", "  get users/a?")]
    [DataRow("\tget ü🎈/1", 1, 7, "'🎈' cannot stand here", "  \tget ü🎈/1")]
    public void Parse_Mistake_IsPointedAt(string text, int line, int column, string problem, string excerpt)
    {
        AqlSyntaxException thrown = Assert.ThrowsExactly<AqlSyntaxException>(() => AqlText.Parse(text));

        Assert.StartsWith(problem, thrown.Problem);
        Assert.AreEqual((line, column), (thrown.Line, thrown.Column));
        string[] lines = thrown.Message.Split(Environment.NewLine);
        Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"line {line}, column {column}: {problem}"), lines[0]);
        Assert.AreEqual(excerpt, lines[1]);
        Assert.AreEqual(column - 1 + 3, lines[2].Length);
        Assert.EndsWith("^", lines[2]);
    }

    [TestMethod]
    public void Parse_MistakeInALongOrHostileLine_ShowsOnlyWhatIsNear()
    {
        AqlSyntaxException thrown = Assert.ThrowsExactly<AqlSyntaxException>(() => AqlText.Parse("get c/" + new string('k', 10_000) + " \u001b[31m" + new string('k', 10_000)));

        Assert.AreEqual(10_008, thrown.Column);
        Assert.IsLessThan(500, thrown.Message.Length);
        Assert.IsFalse(thrown.Message.Replace(Environment.NewLine, "", StringComparison.Ordinal).Any(char.IsControl));
    }

    [TestMethod]
    public void Parse_DeeplyNested_IsRefusedAndDoesNotEndTheProcess()
    {
        AqlSyntaxException thrown = Assert.ThrowsExactly<AqlSyntaxException>(() => AqlText.Parse("filter c where " + new string('(', 100_000)));

        Assert.Contains("at most 500 levels", thrown.Problem);
        Assert.ThrowsExactly<AqlSyntaxException>(() => AqlText.Parse("filter c where " + string.Concat(Enumerable.Repeat("not ", 100_000)) + "key = a"));
    }

    [TestMethod]
    public void ParseScript_Queries_StandBetweenSemicolons()
    {
        Assert.IsEmpty(AqlText.ParseScript(" -- nothing\n ;;"));
        CollectionAssert.AreEqual(new[] { Get("c", "a"), Get("c", "b") }, AqlText.ParseScript("get c/a;\n\nget c/b;").ToArray());
        AqlSyntaxException thrown = Assert.ThrowsExactly<AqlSyntaxException>(() => AqlText.ParseScript("get c/a;\nget c/b\nget c/c"));
        Assert.AreEqual((3, 1, "expected ';' before the next query, found 'get'"), (thrown.Line, thrown.Column, thrown.Problem));
    }

    [TestMethod]
    public void Format_RandomQueries_ReadAsTheSame()
    {
        Random random = TestSeed.TakeRandom();
        for (int i = 0; i < 5000; i++)
        {
            Query query = RandomQueries.Make(random);

            string text = AqlText.Format(query);

            Assert.AreEqual(query, AqlText.Parse(text), text);
            Assert.AreEqual(text, AqlText.Format(AqlText.Parse(text)));
            Assert.IsFalse(text.Any(char.IsControl), text);
        }
    }

    [TestMethod]
    public void Parse_RandomText_FailsOnlyAsDocumented()
    {
        Random random = TestSeed.TakeRandom();
        string[] pieces = [.. AqlText.Keywords, .. AqlText.ColumnNames, "..", ".", "/", "\"", "x\"", "b64\"", "(", ")", "=", "!=", "<", ">=", "+=", "*", ",", ";", "--", "\n", " ", "users", "42", "\\", "\\u{", "}", "🎈", "\ud800", "\0", "é"];
        int read = 0;
        for (int i = 0; i < 20_000; i++)
        {
            string text = i % 2 == 0
                ? string.Join(random.Next(2) == 0 ? " " : "", Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]))
                : Change(AqlText.Format(RandomQueries.Make(random)), random, pieces);
            try
            {
                foreach (Query query in AqlText.ParseScript(text))
                {
                    Assert.AreEqual(query, AqlText.Parse(AqlText.Format(query)), text);
                    read++;
                }
            }
            catch (AqlSyntaxException failure)
            {
                Assert.IsTrue(failure.Offset >= 0 && failure.Offset <= text.Length, text);
            }
            catch (ArgumentException failure) when (failure is not ArgumentNullException && failure.Message.Contains("column's name", StringComparison.Ordinal))
            {
                // A keyword as a column's name: it can be read there and is no word that could be written.
                read++;
            }
        }

        Assert.IsGreaterThan(1000, read);

        static string Change(string text, Random random, string[] pieces)
        {
            int at = random.Next(text.Length + 1);
            return random.Next(2) == 0 ? text.Insert(at, pieces[random.Next(pieces.Length)]) : text.Remove(at, Math.Min(random.Next(1, 4), text.Length - at));
        }
    }

    [TestMethod]
    public async Task Engine_RandomQueries_AreAnsweredOrRefusedButNeverFail()
    {
        Random random = TestSeed.TakeRandom();
        await using AqlStore store = AqlStore.CreateInMemory();
        var engine = new AqlEngine(store, new ManualTimeProvider());
        var answers = new HashSet<string>();
        for (int i = 0; i < 3000; i++)
        {
            byte[] bytes = new QueryRequest { Query = RandomQueries.Make(random) }.ToByteArray();
            if (random.Next(3) == 0)
            {
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            }

            QueryRequest request;
            try
            {
                request = QueryRequest.Parser.ParseFrom(bytes);
            }
            catch (InvalidProtocolBufferException)
            {
                continue;
            }

            QueryResponse response = await engine.ExecuteQueryAsync(request);
            Assert.AreNotEqual(ErrorCode.ServerInternal, response.Error?.Code, request.ToString());
            answers.Add(response.Error?.Code.ToString() ?? response.Result.ResultCase.ToString());
        }

        Assert.IsGreaterThan(5, answers.Count, string.Join(' ', answers));
    }

    [TestMethod]
    public void Format_IncompleteQuery_IsRefused()
    {
        foreach (Query query in new[] { new Query(), new Query { Get = new GetQuery { Collection = "c" } }, Filter("c", null), Filter("c", Eq("a b", "x")), Update("c", All, new Update()) })
        {
            Assert.ThrowsExactly<ArgumentException>(() => AqlText.Format(query));
        }
    }
}
