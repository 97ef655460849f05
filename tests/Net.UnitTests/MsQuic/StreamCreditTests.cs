using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.MsQuic.Internal;

namespace Net.UnitTests.MsQuic;

[TestClass]
public sealed class StreamCreditTests
{
    [TestMethod]
    public void Available_BeforeFirstReport_IsZero()
    {
        var credit = new StreamCredit();

        Assert.AreEqual(0, credit.Available(StreamDirection.Bidirectional));
        Assert.IsFalse(credit.IsKnown);
    }

    [TestMethod]
    public void Available_MoreTakenThanGiven_IsZeroUntilPaidBack()
    {
        var credit = new StreamCredit();
        credit.Add(1, 0);
        credit.Take(StreamDirection.Bidirectional);
        credit.Take(StreamDirection.Bidirectional);

        Assert.AreEqual(0, credit.Available(StreamDirection.Bidirectional));
        credit.Add(2, 0);
        Assert.AreEqual(1, credit.Available(StreamDirection.Bidirectional));
        Assert.IsTrue(credit.IsKnown);
    }

    [TestMethod]
    public void Add_AfterSubscription_TellsTheKindsThatGrew()
    {
        var credit = new StreamCredit();
        var told = new List<StreamDirection>();
        credit.Add(5, 5);
        credit.Subscribe(told.Add);

        credit.Add(0, 3);
        credit.Add(1, 0);

        CollectionAssert.AreEqual(new[] { StreamDirection.Unidirectional, StreamDirection.Bidirectional }, told);
        Assert.AreEqual(6, credit.Available(StreamDirection.Bidirectional));
        Assert.AreEqual(8, credit.Available(StreamDirection.Unidirectional));
    }
}
