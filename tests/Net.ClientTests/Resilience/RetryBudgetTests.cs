using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Resilience;

[TestClass]
public sealed class RetryBudgetTests
{
    [TestMethod]
    public void RecordFailure_FromFull_AllowsRetriesWhileMoreThanHalfIsLeft()
    {
        var budget = new RetryBudget();

        bool[] allowed = [.. Enumerable.Range(0, 12).Select(_ => budget.RecordFailure())];

        CollectionAssert.AreEqual((bool[])[true, true, true, true, false, false, false, false, false, false, false, false], allowed);
        Assert.AreEqual(0, budget.Tokens);
    }

    [TestMethod]
    public void RecordSuccess_TenTimes_GivesOneTokenBack()
    {
        var budget = new RetryBudget();
        budget.RecordSuccess();
        Assert.AreEqual(10, budget.Tokens, "Never more than full.");
        for (int i = 0; i < 5; i++)
        {
            budget.RecordFailure();
        }

        Assert.IsFalse(budget.AllowsRetry);
        budget.RecordSuccess();
        Assert.IsTrue(budget.AllowsRetry, "5.1 is more than half of 10.");
        for (int i = 0; i < 9; i++)
        {
            budget.RecordSuccess();
        }

        Assert.AreEqual(6, budget.Tokens);
    }

    [TestMethod]
    public async Task Record_ManyThreads_LosesNoToken()
    {
        var budget = new RetryBudget(new() { MaxTokens = 1000, TokenRatio = 1 });
        while (budget.Tokens > 0)
        {
            budget.RecordFailure();
        }

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                budget.RecordSuccess();
            }

            for (int i = 0; i < 50; i++)
            {
                budget.RecordFailure();
            }
        }))).WithTimeout();

        // At no time were there more than the 800 that fit, or fewer than none: each step must have counted.
        Assert.AreEqual(400, budget.Tokens);
    }

    [TestMethod]
    public void Validate_OutOfRange_NamesBoth()
    {
        string message = Assert.ThrowsExactly<ArgumentException>(() => new RetryBudget(new() { MaxTokens = 1001, TokenRatio = 0 })).Message;

        StringAssert.Contains(message, "RetryBudgetOptions.MaxTokens is 1001; it must be 1 to 1000.");
        StringAssert.Contains(message, "RetryBudgetOptions.TokenRatio is 0; it must be 0.001 to 1.");
    }

    [TestMethod]
    public void GetBackoff_EachRetry_IsDrawnFromZeroToTheGrowingLimit()
    {
        var options = new RetryOptions { InitialBackoff = TimeSpan.FromMilliseconds(100), Multiplier = 2, MaxBackoff = TimeSpan.FromMilliseconds(500) };

        Assert.AreEqual(TimeSpan.Zero, options.GetBackoff(1, 0));
        CollectionAssert.AreEqual((double[])[50, 100, 200, 250, 250], Enumerable.Range(1, 5).Select(n => options.GetBackoff(n, 0.5).TotalMilliseconds).ToArray());
    }
}
