using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Net.UnitTests.Abstractions;

[TestClass]
public sealed class StreamPriorityTests
{
    [TestMethod]
    public void Default_Always_IsTheMiddleInTurns()
    {
        Assert.AreEqual(3, StreamPriority.Default.Urgency);
        Assert.IsTrue(StreamPriority.Default.Incremental);
    }

    [TestMethod]
    [DataRow(0, false)]
    [DataRow(7, true)]
    public void Constructor_UrgencyInRange_KeepsBoth(int urgency, bool incremental)
    {
        var priority = new StreamPriority(urgency, incremental);

        Assert.AreEqual(urgency, priority.Urgency);
        Assert.AreEqual(incremental, priority.Incremental);
        Assert.AreEqual(new StreamPriority(urgency, incremental), priority);
        Assert.AreNotEqual(new StreamPriority(urgency, !incremental), priority);
    }

    [TestMethod]
    [DataRow(-1)]
    [DataRow(8)]
    public void Constructor_UrgencyOutOfRange_Throws(int urgency) =>
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new StreamPriority(urgency, false));
}
