using Net.Ngtcp2.Driver;

namespace Net.UnitTests.Ngtcp2.Driver;

[TestClass]
public sealed class PeerPlacesTests
{
    [TestMethod]
    public void ShouldReturn_FewFreedAndManyLeft_Waits()
    {
        var places = new PeerPlaces(100) { Opened = 10, Freed = 11 };
        Assert.IsFalse(places.ShouldReturn);
        places.Freed = 12;
        Assert.IsTrue(places.ShouldReturn);
    }

    [TestMethod]
    public void ShouldReturn_OneFreedAndFewLeft_ReturnsAtOnce()
    {
        var places = new PeerPlaces(100) { Opened = 96, Freed = 1 };
        Assert.IsTrue(places.ShouldReturn);
        Assert.AreEqual(1, places.TakeFreed());
        Assert.IsFalse(places.ShouldReturn);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    [DataRow(100)]
    public void ShouldReturn_AllButOnePlaceTakenForGood_PeerIsNeverStuck(int limit)
    {
        var places = new PeerPlaces(limit);
        long allowed = limit;
        long running = 0;
        for (int i = 0; i < limit - 1; i++)
        {
            places.Opened++;
            running++;
        }

        for (int i = 0; i < 500; i++)
        {
            Assert.IsGreaterThan(0, allowed - places.Opened, $"no place left at stream {i} with limit {limit}");
            places.Opened++;
            Assert.IsLessThanOrEqualTo(limit, running + 1);
            places.Freed++;
            if (places.ShouldReturn)
            {
                allowed += places.TakeFreed();
            }
        }
    }
}
