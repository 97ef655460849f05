using Net.Chaos.Simulation;

namespace Net.ChaosTests.Simulation;

[TestClass]
public sealed class ScheduleShrinkerTests
{
    [TestMethod]
    [DataRow(new int[] { }, DisplayName = "none")]
    [DataRow(new[] { 1 }, DisplayName = "the first")]
    [DataRow(new[] { 12 }, DisplayName = "the last")]
    [DataRow(new[] { 3, 7 }, DisplayName = "two")]
    [DataRow(new[] { 1, 6, 12 }, DisplayName = "three far apart")]
    public void Shrink_NeededFaults_AreWhatIsLeft(int[] needed)
    {
        IReadOnlyList<int> left = ScheduleShrinker.Shrink([.. Enumerable.Range(1, 12)], kept => needed.All(kept.Contains));

        Assert.AreSequenceEqual(needed, left);
    }

    [TestMethod]
    public void Shrink_AnyTwoOfMany_LeavesTwo()
    {
        IReadOnlyList<int> left = ScheduleShrinker.Shrink([.. Enumerable.Range(1, 9)], static kept => kept.Count >= 2);

        Assert.HasCount(2, left);
    }
}
