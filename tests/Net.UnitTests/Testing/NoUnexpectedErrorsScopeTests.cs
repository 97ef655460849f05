using Microsoft.Extensions.Logging;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Testing;

namespace Net.UnitTests.Testing;

[TestClass]
public sealed class NoUnexpectedErrorsScopeTests
{
    [TestMethod]
    public void AssertNone_ErrorLogged_FailsWithItsText()
    {
        var scope = new NoUnexpectedErrorsScope();
        Write(scope, LogLevel.Error, "Broken", "the loop stands still");

        AssertFailedException exception = Assert.ThrowsExactly<AssertFailedException>(scope.AssertNone);

        StringAssert.Contains(exception.Message, "the loop stands still", StringComparison.Ordinal);
    }

    [TestMethod]
    public void AssertNone_OnlyWarningsAndExpectedErrors_Passes()
    {
        using var scope = new NoUnexpectedErrorsScope();
        scope.Expect("Broken");
        Write(scope, LogLevel.Warning, "Odd", "strange");
        Write(scope, LogLevel.Critical, "Broken", "foreseen");

        scope.AssertNone();
    }

    private static void Write(NoUnexpectedErrorsScope scope, LogLevel level, string name, string text) =>
        scope.CreateLogger("any").Log(level, new EventId(1, name), text, null, static (state, _) => state);
}
