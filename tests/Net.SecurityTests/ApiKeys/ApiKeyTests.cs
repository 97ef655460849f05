using System.Security.Cryptography;
using System.Text;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Security;
using Net.Testing;

namespace Net.SecurityTests.ApiKeys;

[TestClass]
public sealed class ApiKeyTests
{
    private static readonly byte[] Pepper = RandomNumberGenerator.GetBytes(32);
    private readonly ManualTimeProvider _time = new();

    [TestMethod]
    public void Create_ManyKeys_AreReadBackAndDiffer()
    {
        var seen = new HashSet<string>();
        for (int i = 0; i < 1000; i++)
        {
            ApiKey key = ApiKey.Create();

            Assert.IsTrue(ApiKey.TryParse(key.Text, out ApiKey? read));
            Assert.AreEqual(key.Id, read.Id);
            Assert.AreEqual(ApiKey.Length, key.Text.Length);
            Assert.IsTrue(seen.Add(key.Id));
            Assert.IsFalse(key.ToString().Contains(key.Text[30..40], StringComparison.Ordinal), "A key must not be shown.");
        }
    }

    [TestMethod]
    public void TryParse_EveryCharacterChanged_IsNoKey()
    {
        string text = ApiKey.Create().Text;
        for (int i = 0; i < text.Length; i++)
        {
            foreach (char other in "a2A_\u00e4")
            {
                string changed = text[..i] + other + text[(i + 1)..];
                Assert.AreEqual(changed == text, ApiKey.TryParse(changed, out _), changed);
            }
        }

        Assert.IsFalse(ApiKey.TryParse(text[..^1], out _));
        Assert.IsFalse(ApiKey.TryParse(text + "a", out _));
        Assert.IsFalse(ApiKey.TryParse(null, out _));
    }

    [TestMethod]
    public void Authenticate_KeysOfOneName_AreTakenSideBySideUntilEachExpires()
    {
        ApiKey old = ApiKey.Create();
        ApiKey young = ApiKey.Create();
        Authenticator authenticator = Make(Entry(old, hours: 1), Entry(young, hours: 2));

        Principal first = Check(authenticator, old.Text).Principal!;
        Principal second = Check(authenticator, young.Text).Principal!;
        Assert.AreEqual("key:billing", first.Id);
        Assert.AreEqual(first.Id, second.Id);

        _time.Advance(TimeSpan.FromHours(1));
        Assert.AreEqual(AuthenticationFailure.Expired, Check(authenticator, old.Text).Failure);
        Assert.AreEqual(AuthenticationFailure.None, Check(authenticator, young.Text).Failure);
    }

    [TestMethod]
    public void Authenticate_WrongSecretOfAnIdThatExists_IsRefusedAsOneThatDoesNot()
    {
        ApiKey key = ApiKey.Create();
        ApiKey other = ApiKey.Create();
        Authenticator authenticator = Make(Entry(key, 1));
        ApiKeySet wrongPepper = new([Entry(key, 1)], RandomNumberGenerator.GetBytes(32));

        AuthenticationResult unknown = Check(authenticator, other.Text);
        AuthenticationResult wrong = new Authenticator(new AuthenticationOptions { ApiKeys = ApiKeySource.FromKeys(wrongPepper) }, _time)
            .Authenticate(new CallerCredentials { Authorization = "Bearer " + key.Text });

        Assert.AreEqual(AuthenticationFailure.UnknownApiKey, unknown.Failure);
        Assert.AreEqual((unknown.Failure, unknown.Detail, unknown.CallerText), (wrong.Failure, wrong.Detail, wrong.CallerText));
    }

    [TestMethod]
    public void Authenticate_KeyTakenOutOfTheFile_IsRefusedThoughRemembered()
    {
        using var folder = new TemporaryFolder();
        ApiKey key = ApiKey.Create();
        ApiKey other = ApiKey.Create();
        folder.Write("keys.json", Encoding.UTF8.GetString(ApiKeySet.Format([Entry(key, 1)])));
        using var watched = new WatchedFile<ApiKeySet>(folder["keys.json"], content => ApiKeySet.Parse(content.Span, Pepper), _time);
        var authenticator = new Authenticator(new AuthenticationOptions { ApiKeys = ApiKeySource.FromFile(watched) }, _time);
        Assert.AreEqual(AuthenticationFailure.None, Check(authenticator, key.Text).Failure);

        folder.Write("keys.json", Encoding.UTF8.GetString(ApiKeySet.Format([Entry(other, 1)])));
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.AreEqual(AuthenticationFailure.UnknownApiKey, Check(authenticator, key.Text).Failure);
        Assert.AreEqual(AuthenticationFailure.None, Check(authenticator, other.Text).Failure);
    }

    [TestMethod]
    public void Authenticate_KeyBeforeItsTime_IsRefused()
    {
        ApiKey key = ApiKey.Create();
        Authenticator authenticator = Make(Entry(key, 2) with { NotBefore = _time.GetUtcNow().AddHours(1) });

        Assert.AreEqual(AuthenticationFailure.NotYetValid, Check(authenticator, key.Text).Failure);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.AreEqual(AuthenticationFailure.None, Check(authenticator, key.Text).Failure);
    }

    [TestMethod]
    [DataRow("""{"keys":[{"id":"aaaaaaaaaaaaaaaa","hash":"AAAA","name":"x","expires":"2030-01-01T00:00:00Z"}]}""", "hash")]
    [DataRow("""{"keys":[{"id":"AAAAAAAAAAAAAAAA","hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","name":"x","expires":"2030-01-01T00:00:00Z"}]}""", "id")]
    [DataRow("""{"keys":[{"id":"aaaaaaaaaaaaaaaa","hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","name":"x"}]}""", "expires")]
    [DataRow("""{"keys":[{"id":"aaaaaaaaaaaaaaaa","hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","name":"x","expires":"2030-01-01T00:00:00Z","expire":1}]}""", "expire")]
    [DataRow("""{"keys":[{"id":"aaaaaaaaaaaaaaaa","hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","name":"a\nb","expires":"2030-01-01T00:00:00Z"}]}""", "name")]
    [DataRow("""{"keys":""", "cannot be read")]
    public void Parse_FaultyFile_SaysWhatIsWrong(string json, string expected)
    {
        ArgumentException fault = Assert.ThrowsExactly<ArgumentException>(() => ApiKeySet.Parse(Encoding.UTF8.GetBytes(json), Pepper));

        StringAssert.Contains(fault.Message, expected);
    }

    [TestMethod]
    public void Parse_ShortPepper_IsRefused() =>
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new ApiKeySet([], new byte[31])).Message, "31 bytes");

    private ApiKeyEntry Entry(ApiKey key, int hours) => new()
    {
        Id = key.Id, Hash = ApiKeySet.HashOf(key, Pepper), Name = "billing", Roles = ["user"], Expires = _time.GetUtcNow().AddHours(hours),
    };

    private Authenticator Make(params ApiKeyEntry[] entries) =>
        new(new AuthenticationOptions { ApiKeys = ApiKeySource.FromKeys(new ApiKeySet(entries, Pepper)) }, _time);

    private static AuthenticationResult Check(Authenticator authenticator, string key) => authenticator.Authenticate(new CallerCredentials { Authorization = "bearer " + key });
}
