using Net.Aql;
using Net.Testing;

namespace Net.UnitTests.Aql.Durability;

/// <summary>Only names that the store gives are its own.</summary>
[TestClass]
public sealed class StoreFileNameTests
{
    [TestMethod]
    [DataRow("log-0000000000000000.aql", StoreFileKind.Log, 0L)]
    [DataRow("log-00000000000000ab.aql", StoreFileKind.Log, 0xabL)]
    [DataRow("snapshot-7fffffffffffffff.aql", StoreFileKind.Snapshot, long.MaxValue)]
    public void TryParse_NameOfTheStore_GivesItsParts(string name, object kind, long sequence)
    {
        Assert.IsTrue(StoreFileName.TryParse(name, out StoreFileName parsed));

        Assert.AreEqual(new StoreFileName((StoreFileKind)kind, sequence), parsed);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("log-.aql")]
    [DataRow("log-00000000000000AB.aql", DisplayName = "capital digits, which ToString never writes")]
    [DataRow("log-ffffffffffffffff.aql", DisplayName = "a number below zero")]
    [DataRow("log-000000000000000.aql", DisplayName = "too few digits")]
    [DataRow("log-00000000000000000.aql", DisplayName = "too many digits")]
    [DataRow("log- 00000000000000a.aql", DisplayName = "a blank")]
    [DataRow("log-0x0000000000000a.aql", DisplayName = "a prefix")]
    [DataRow("Log-0000000000000000.aql")]
    [DataRow("log-0000000000000000.AQL")]
    [DataRow("log-0000000000000000.aql.new")]
    public void TryParse_AnotherName_Refuses(string name) => Assert.IsFalse(StoreFileName.TryParse(name, out _));

    [TestMethod]
    public void TryParse_AnyNameOneCharacterAway_IsReadOnlyAsItIsWritten()
    {
        const string characters = "0123456789abcdefABCDEF-. lognpsht\u0660\0";
        Random random = TestSeed.TakeRandom();
        for (int i = 0; i < 20_000; i++)
        {
            var written = new StoreFileName(random.Next(2) == 0 ? StoreFileKind.Log : StoreFileKind.Snapshot, random.NextInt64());
            string name = written.ToString();
            Assert.IsTrue(StoreFileName.TryParse(name, out StoreFileName read), name);
            Assert.AreEqual(written, read);

            char[] changed = name.ToCharArray();
            changed[random.Next(changed.Length)] = characters[random.Next(characters.Length)];
            string other = new(changed);
            if (StoreFileName.TryParse(other, out StoreFileName parsed))
            {
                Assert.AreEqual(other, parsed.ToString());
            }
        }
    }
}
