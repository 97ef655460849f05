using Google.Protobuf;
using Net.Aql;
using Net.Protocol.Aql;
using Net.Testing;
using static Net.UnitTests.Aql.Requests;

namespace Net.UnitTests.Aql;

/// <summary>Filter and update: predicates over every column, limits, and what only homomorphic evaluation could do.</summary>
[TestClass]
public sealed class EnginePredicateTests
{
    private readonly ManualTimeProvider _time = new();
    private AqlStore _store = null!;
    private AqlEngine _engine = null!;

    [TestInitialize]
    public async Task BeginAsync()
    {
        _store = AqlStore.CreateInMemory();
        _engine = new AqlEngine(_store, _time);
        await _engine.FillAsync("c", "abcde");
    }

    [TestCleanup]
    public async Task EndAsync() => await _store.DisposeAsync();

    public static IEnumerable<object[]> Predicates =>
    [
        [Eq("key", "c"), "c"],
        [Eq("key", "cc"), ""],
        [Gt("key", "c"), "de"],
        [Gt("key", "bb"), "cde"],
        [Gte("key", "c"), "cde"],
        [Lt("key", "c"), "ab"],
        [Lte("key", "c"), "abc"],
        [Gte("key", ""), "abcde"],
        [Eq("value", "2"), "b"],
        [Gt("value", "2"), "cde"],
        [Lte("value", "3"), "abc"],
        [And(Gt("key", "a"), Lt("key", "d")), "bc"],
        [And(Gt("key", "d"), Lt("key", "b")), ""],
        [And(Eq("key", "b"), Eq("value", "1")), ""],
        [Or(Eq("key", "a"), Eq("value", "5")), "ae"],
        [Or(Lt("key", "b"), Gt("key", "d")), "ae"],
        [Or(And(Gte("key", "a"), Lt("key", "b")), And(Gte("key", "d"), Lt("key", "e"))), "ad"],
        [Not(Eq("key", "c")), "abde"],
        [Not(Or(Eq("key", "a"), Not(Lt("value", "4")))), "bc"],
        [Eq("length", "1"), "abcde"],
        [Gt("length", "1"), ""],
        [Gt("length", "-99999999999999999999999999"), "abcde"],
        [Eq("compression", "0"), "abcde"],
        [Lte("size", "1"), "abcde"],
        [Eq("created_at", "1767225600"), "abcde"],
        [Gt("checksum", "0"), "abcde"],
        [Gte("version", "0"), ""],
        [Not(Gte("version", "0")), "abcde"],
    ];

    [TestMethod]
    [DynamicData(nameof(Predicates))]
    public async Task Filter_Predicate_PicksItsRows(Predicate predicate, string keys)
    {
        QueryResult result = await _engine.AnswerAsync(Filter("c", predicate));

        Assert.AreEqual(keys, string.Concat(result.Multi.Values.Select(v => v.Key.Data.ToStringUtf8())));
    }

    [TestMethod]
    [DataRow(null, null, "abcde")]
    [DataRow(2, null, "ab")]
    [DataRow(2, 1, "bc")]
    [DataRow(null, 3, "de")]
    [DataRow(9, 4, "e")]
    [DataRow(1, 5, "")]
    [DataRow(0, 0, "")]
    public async Task Filter_LimitAndOffset_CountMatchingRows(int? limit, int? offset, string keys)
    {
        await _engine.AnswerAsync(Set("c", "bb", "other"));

        QueryResult result = await _engine.AnswerAsync(Filter("c", Eq("length", "1"), (uint?)limit, (uint?)offset));

        Assert.AreEqual(keys, string.Concat(result.Multi.Values.Select(v => v.Key.Data.ToStringUtf8())));
    }

    [TestMethod]
    public async Task Filter_RandomPredicates_PickWhatTheModelPicks()
    {
        Random random = TestSeed.TakeRandom();
        var model = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < 300; i++)
        {
            string key = Word(random);
            model[key] = Word(random);
            await _engine.AnswerAsync(Set("m", key, model[key]));
        }

        for (int round = 0; round < 500; round++)
        {
            (Predicate predicate, Func<string, string, bool> holds) = MakePredicate(random, 4);

            string actual = await _engine.ListAsync(Filter("m", predicate));

            Assert.AreEqual(string.Join(' ', model.Where(p => holds(p.Key, p.Value)).Select(p => $"{p.Key}={p.Value}")), actual, predicate.ToString());
        }
    }

    [TestMethod]
    public async Task Update_Matching_ChangesThemAndNoOther()
    {
        Assert.AreEqual(2UL, await _engine.AffectedAsync(Update("c", Gt("key", "c"), SetTo("value", "new"))));
        Assert.AreEqual(0UL, await _engine.AffectedAsync(Update("c", Gt("key", "x"), SetTo("value", "never"))));
        Assert.AreEqual(0UL, await _engine.AffectedAsync(Update("none", All, SetTo("value", "never"))));

        Assert.AreEqual("a=1 b=2 c=3 d=new e=new", await _engine.ListAsync(Range("c")));
    }

    [TestMethod]
    public async Task Update_Version_IsComputedByTheHost()
    {
        await _engine.AnswerAsync(Update("c", Lt("key", "c"), SetTo("version", "5")));
        await _engine.AnswerAsync(Update("c", Gte("version", "5"), Add("version", "2"), Mul("version", "3")));
        await _engine.AnswerAsync(Update("c", Eq("key", "e"), Add("version", "1")));

        QueryResult result = await _engine.AnswerAsync(Filter("c", Gte("version", "0")));

        Assert.AreEqual("a:21 b:21 e:1", string.Join(' ', result.Multi.Values.Select(v => $"{v.Key.Data.ToStringUtf8()}:{v.Value.Metadata.Version}")));
    }

    [TestMethod]
    public async Task Update_VersionOutOfRange_ChangesNothing()
    {
        await _engine.AnswerAsync(Update("c", Eq("key", "b"), SetTo("version", "4294967295")));

        foreach (Update update in new[] { Add("version", "1"), Mul("version", "2"), Add("version", "-1"), SetTo("version", "4294967296"), SetTo("version", "x"), SetTo("version", "") })
        {
            Assert.AreEqual(ErrorCode.ValidationInvalidValue, (await _engine.RefusalAsync(Update("c", All, update, SetTo("value", "x")))).Code, update.ToString());
        }

        Assert.AreEqual("a=1 b=2 c=3 d=4 e=5", await _engine.ListAsync(Range("c")));
    }

    [TestMethod]
    public async Task Update_SetValueThenVersion_KeepsBoth()
    {
        await _engine.AnswerAsync(Update("c", Eq("key", "a"), SetTo("value", "xyz"), SetTo("version", "9")));

        CipherBlob value = (await _engine.AnswerAsync(Get("c", "a"))).Single.Value;

        Assert.AreEqual("xyz", value.Data.ToStringUtf8());
        Assert.AreEqual(3UL, value.Metadata.Size);
        Assert.AreEqual(9u, value.Metadata.Version);
    }

    [TestMethod]
    public async Task Update_AddOrMulOnAValue_NeedsHomomorphicEvaluation()
    {
        foreach (Update update in new[] { Add("value", "1"), Mul("value", "2") })
        {
            ErrorResponse error = await _engine.RefusalAsync(Update("c", All, update));
            Assert.AreEqual(ErrorCode.ComputeUnsupported, error.Code);
            Assert.AreEqual(AqlStatus.Unimplemented, AqlErrors.Find(error.Code).Status);
            Assert.Contains("homomorphic", error.Message);
        }
    }

    [TestMethod]
    public async Task Column_InsideAValue_NeedsHomomorphicEvaluation()
    {
        foreach (Query query in new[] { Filter("c", Gt("age", "30")), Update("c", Eq("age", "1"), SetTo("value", "x")), Update("c", All, SetTo("age", "1")), Update("c", All, Add("age", "1")), Filter("c", Eq("Key", "a")) })
        {
            ErrorResponse error = await _engine.RefusalAsync(query);
            Assert.AreEqual(ErrorCode.ComputeUnsupported, error.Code);
            Assert.Contains("key, value, length, size, compression, checksum, created_at, version", error.Message);
        }
    }

    [TestMethod]
    [DataRow("key")]
    [DataRow("length")]
    [DataRow("size")]
    [DataRow("compression")]
    [DataRow("checksum")]
    [DataRow("created_at")]
    public async Task Update_ColumnThatComesWithTheValue_IsRefused(string column)
    {
        Assert.AreEqual(ErrorCode.ProtocolInvalidRequest, (await _engine.RefusalAsync(Update("c", All, SetTo(column, "1")))).Code);
        Assert.AreEqual(ErrorCode.ProtocolInvalidRequest, (await _engine.RefusalAsync(Update("c", All, Add(column, "1")))).Code);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("x")]
    [DataRow("1.5")]
    [DataRow(" 1")]
    [DataRow("0x1")]
    [DataRow("999999999999999999999999999999999999999")]
    public async Task Operand_OfANumericColumn_MustBeANumber(string operand)
    {
        Assert.AreEqual(ErrorCode.ValidationInvalidValue, (await _engine.RefusalAsync(Filter("c", Gt("length", operand)))).Code);
    }

    [TestMethod]
    public async Task Predicate_TooDeepOrTooLong_IsRefused()
    {
        Predicate deep = All;
        for (int i = 1; i < 40; i++)
        {
            deep = Not(deep);
        }

        await _engine.AnswerAsync(Filter("c", deep));
        Assert.AreEqual(ErrorCode.ValidationSizeExceeded, (await _engine.RefusalAsync(Filter("c", Not(deep)))).Code);

        // What the limit allows also fits a message: it survives the way over the wire.
        QueryRequest sent = Request(Filter("c", deep));
        Assert.AreEqual(sent, QueryRequest.Parser.ParseFrom(sent.ToByteArray()));

        Predicate wide = Balanced(1000);
        await _engine.AnswerAsync(Filter("c", wide));
        Assert.AreEqual(ErrorCode.ValidationSizeExceeded, (await _engine.RefusalAsync(Filter("c", Balanced(1001)))).Code);
    }

    [TestMethod]
    public async Task Message_WithOperandFromOutside_HoldsNoControlCharacters()
    {
        ErrorResponse error = await _engine.RefusalAsync(Filter("c", Gt("a\r\nb\u001b[31m" + new string('x', 1000), "1")));

        Assert.IsFalse(error.Message.Any(char.IsControl), error.Message);
        Assert.IsLessThan(400, error.Message.Length);
    }

    private static Predicate Balanced(int terms) => terms == 1 ? All : Or(Balanced(terms / 2), Balanced(terms - (terms / 2)));

    private static string Word(Random random) => string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => "abc"[random.Next(3)]));

    private static (Predicate Predicate, Func<string, string, bool> Holds) MakePredicate(Random random, int depth)
    {
        int kind = random.Next(depth == 0 ? 5 : 8);
        if (kind < 5)
        {
            bool byKey = random.Next(3) > 0;
            string operand = Word(random);
            Func<string, string, int> compare = (key, value) => string.CompareOrdinal(byKey ? key : value, operand);
            string column = byKey ? "key" : "value";
            return kind switch
            {
                0 => (Eq(column, operand), (k, v) => compare(k, v) == 0),
                1 => (Gt(column, operand), (k, v) => compare(k, v) > 0),
                2 => (Lt(column, operand), (k, v) => compare(k, v) < 0),
                3 => (Gte(column, operand), (k, v) => compare(k, v) >= 0),
                _ => (Lte(column, operand), (k, v) => compare(k, v) <= 0),
            };
        }

        (Predicate left, Func<string, string, bool> leftHolds) = MakePredicate(random, depth - 1);
        if (kind == 7)
        {
            return (Not(left), (k, v) => !leftHolds(k, v));
        }

        (Predicate right, Func<string, string, bool> rightHolds) = MakePredicate(random, depth - 1);
        return kind == 5
            ? (And(left, right), (k, v) => leftHolds(k, v) && rightHolds(k, v))
            : (Or(left, right), (k, v) => leftHolds(k, v) || rightHolds(k, v));
    }
}
