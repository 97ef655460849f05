using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;

namespace Net.ClientTests.Resilience;

[TestClass]
public sealed class CallPolicyTests
{
    [TestMethod]
    public void Defaults_AreThoseOfTheFirstPool()
    {
        RetryOptions retry = RetryOptions.Default;

        Assert.AreEqual((3, 2.0), (retry.MaxAttempts, retry.Multiplier));
        Assert.AreEqual((TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10)), (retry.InitialBackoff, retry.MaxBackoff));
        Assert.AreEqual(TimeSpan.FromSeconds(30), TimeoutOptions.Default.PerCall);
        Assert.AreEqual((10, 0.1), (RetryBudgetOptions.Default.MaxTokens, RetryBudgetOptions.Default.TokenRatio));
    }

    [TestMethod]
    public void Find_FullNamePrefixDefault_TakesTheMostExact()
    {
        CallPolicy exact = new(), near = new(), far = new(), other = new();
        var policies = new CallPolicies(
            other, new Dictionary<string, CallPolicy> { ["/a.B/Get"] = exact }, new Dictionary<string, CallPolicy> { ["/a."] = far, ["/a.B/"] = near });

        Assert.AreSame(exact, policies.Find("/a.B/Get"));
        Assert.AreSame(near, policies.Find("/a.B/GetAll"));
        Assert.AreSame(far, policies.Find("/a.C/Get"));
        Assert.AreSame(other, policies.Find("/A.B/Get"), "Names are compared exactly.");
        Assert.AreSame(CallPolicy.None, new CallPolicies().Find("x"));
    }

    [TestMethod]
    public void CallPolicies_ManyFaults_AreNamedAllAtOnceWithTheirMethod()
    {
        string message = Assert.ThrowsExactly<ArgumentException>(() => new CallPolicies(
            new() { Retry = new(), Hedging = new() },
            new Dictionary<string, CallPolicy> { ["/a.B/Get"] = new() { Retry = new() { MaxAttempts = 6, Multiplier = 0 } } },
            new Dictionary<string, CallPolicy> { ["/a."] = new() { Timeouts = new() { PerCall = TimeSpan.Zero }, Fallback = new() { Steps = [] } } })).Message;

        foreach (string part in (string[])["Default has faults", "Methods['/a.B/Get']", "MaxAttempts is 6; it must be 2 to 5", "Multiplier is 0", "Prefixes['/a.']", "PerCall", "must hold 1 to 8 steps"])
        {
            StringAssert.Contains(message, part);
        }
    }

    [TestMethod]
    public void Validate_BackoffsAndDelaysOutOfRange_AreNamed()
    {
        string retry = Assert.ThrowsExactly<ArgumentException>(() => new RetryOptions { InitialBackoff = TimeSpan.Zero, MaxBackoff = TimeSpan.FromTicks(-1) }.Validate()).Message;
        StringAssert.Contains(retry, "InitialBackoff");
        StringAssert.Contains(retry, "MaxBackoff");
        string hedging = Assert.ThrowsExactly<ArgumentException>(() => new HedgingOptions { MaxAttempts = 1, Delay = TimeSpan.FromTicks(-1) }.Validate()).Message;
        StringAssert.Contains(hedging, "MaxAttempts");
        StringAssert.Contains(hedging, "Delay");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new CallRunnerOptions { Name = " " }.Validate()).Message, "CallRunnerOptions.Name is empty");
    }

    [TestMethod]
    [DataRow(TransportError.ConnectFailed, CallOutcome.TransportFailure, true, false)]
    [DataRow(TransportError.CertificateRejected, CallOutcome.TransportFailure, false, true)]
    [DataRow(TransportError.ConnectionLost, CallOutcome.TransportFailure, false, false)]
    [DataRow(TransportError.ConnectionClosed, CallOutcome.TransportFailure, false, false)]
    [DataRow(TransportError.StreamReset, CallOutcome.TransportFailure, false, false)]
    [DataRow(TransportError.EarlyDataRejected, CallOutcome.Refused, true, false)]
    [DataRow(TransportError.PoolExhausted, CallOutcome.Refused, true, false)]
    [DataRow(TransportError.MessageTooLarge, CallOutcome.ApplicationFailure, false, true)]
    [DataRow(TransportError.CircuitOpen, CallOutcome.Refused, true, false)]
    [DataRow(TransportError.NoEndPoint, CallOutcome.Refused, true, false)]
    [DataRow(TransportError.DeadlineExceeded, CallOutcome.TimedOut, false, false)]
    [DataRow(TransportError.ProtocolViolation, CallOutcome.TransportFailure, false, false)]
    [DataRow(TransportError.EngineMissing, CallOutcome.TransportFailure, false, true)]
    public void Of_EachTransportError_SaysWhatItMeans(TransportError error, CallOutcome outcome, bool isUnprocessed, bool isCommitted)
    {
        AttemptVerdict verdict = AttemptVerdict.Of(new TransportException(error, ""));

        Assert.AreEqual((outcome, isUnprocessed, isCommitted), (verdict.Outcome, verdict.IsUnprocessed, verdict.IsCommitted));
    }

    [TestMethod]
    public void Of_OtherExceptions_SaysWhatTheyMean()
    {
        Assert.AreEqual(CallOutcome.Refused, AttemptVerdict.Of(new TransportException(TransportError.StreamReset, "") { IsSafeToRetry = true }).Outcome);
        Assert.AreEqual(CallOutcome.Cancelled, AttemptVerdict.Of(new TaskCanceledException()).Outcome);
        Assert.AreEqual(CallOutcome.TransportFailure, AttemptVerdict.Of(new IOException()).Outcome);
        Assert.AreEqual(CallOutcome.TimedOut, AttemptVerdict.Of(new TimeoutException()).Outcome);
        Assert.AreEqual(CallOutcome.ApplicationFailure, AttemptVerdict.Of(new InvalidOperationException()).Outcome);
    }
}
