using System.Globalization;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Balancing;

/// <summary>Which end points a policy gets to see. A case is written as groups of letters: h healthy, d degraded, u unhealthy.</summary>
[TestClass]
public sealed class PriorityGroupTests
{
    [TestMethod]
    [DataRow("hhhh hh", "0,1,2,3", 0, false, DisplayName = "all healthy: the first group")]
    [DataRow("huhu hh", "0,2", 0, false, DisplayName = "half is enough")]
    [DataRow("huuu hh", "4,5", 1, false, DisplayName = "less than half: the next group")]
    [DataRow("huu h", "3", 1, false, DisplayName = "half of three is two")]
    [DataRow("hddu hh", "0,1,2", 0, true, DisplayName = "degraded ones help out before the group gives way")]
    [DataRow("hhdd hh", "0,1", 0, false, DisplayName = "degraded ones get nothing while enough are healthy")]
    [DataRow("uuuu uuuh", "7", null, false, DisplayName = "no group is fit enough: all that are fit")]
    [DataRow("huuu duuu huuu", "0,4,8", null, true, DisplayName = "no group is fit enough: across groups")]
    [DataRow("uu dd uu", "2,3", 1, true, DisplayName = "a group of degraded ones")]
    [DataRow("d", "0", 0, true, DisplayName = "one, degraded")]
    public void Select_EachSituation_GivesWhoMayHaveTraffic(string groups, string expected, int? priority, bool includesDegraded)
    {
        PrioritySelection selection = PriorityGroups.Select(Candidates(groups));

        Assert.AreEqual(expected, Text(selection));
        Assert.AreEqual(priority, selection.Priority);
        Assert.AreEqual(includesDegraded, selection.IncludesDegraded);
        Assert.IsFalse(selection.IsPanic);
        Assert.AreEqual(PickFailure.None, selection.Failure);
    }

    [TestMethod]
    public void Select_AllOut_FollowsThePanicRule()
    {
        RankedCandidate[] candidates = Candidates("uuu uu");

        PrioritySelection all = PriorityGroups.Select(candidates, new PriorityGroupOptions { Panic = PanicRule.UseAll });
        PrioritySelection none = PriorityGroups.Select(candidates, new PriorityGroupOptions { Panic = PanicRule.FailFast });

        Assert.AreEqual("0,1,2,3,4", Text(all));
        Assert.IsTrue(all.IsPanic && none.IsPanic);
        Assert.AreEqual("", Text(none));
        var fleet = new Fleet(5, TestSeed.TakeRandom());
        PickResult result = fleet.Pick(PriorityGroups.CreatePicker(Client.Balancing.RoundRobin, none, fleet.Context));
        Assert.AreEqual(PickResult.Fail(PickFailure.AllUnhealthy), result);
        StringAssert.Contains(result.CreateException().Message, "PriorityGroupOptions.Panic");
        Assert.AreEqual(PickKind.Connect, fleet.Pick(PriorityGroups.CreatePicker(Client.Balancing.RoundRobin, all, fleet.Context)).Kind);
    }

    [TestMethod]
    public void Select_FewerFitThanThePanicRatio_UsesAllRatherThanOverloadTheFew()
    {
        var options = new PriorityGroupOptions { PanicRatio = 0.25 };

        Assert.AreEqual("0,1,2,3", Text(PriorityGroups.Select(Candidates("huuu"), options)));
        Assert.AreEqual("0,1", Text(PriorityGroups.Select(Candidates("hhuuu"), options)));
    }

    [TestMethod]
    public void Select_Threshold_DecidesWhenAGroupGivesWay()
    {
        RankedCandidate[] candidates = Candidates("hhhu hh");

        Assert.AreEqual(0, PriorityGroups.Select(candidates, new PriorityGroupOptions { MinFitRatio = 0.75 }).Priority);
        Assert.AreEqual(1, PriorityGroups.Select(candidates, new PriorityGroupOptions { MinFitRatio = 0.76 }).Priority);
    }

    [TestMethod]
    public void Select_NoEndPoints_SaysSo() => Assert.AreEqual(PickFailure.NoEndPoint, PriorityGroups.Select([]).Failure);

    [TestMethod]
    public void Select_EndPointsComeAndGo_TrafficFailsOverAndReturns()
    {
        Random random = TestSeed.TakeRandom();
        for (int round = 0; round < 2000; round++)
        {
            string groups = string.Join(' ', Enumerable.Range(0, random.Next(1, 4)).Select(_ => string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => "hdu"[random.Next(3)]))));
            RankedCandidate[] candidates = Candidates(groups);

            PrioritySelection selection = PriorityGroups.Select(candidates);

            // Whatever happens, there is somebody; nobody unhealthy is used while anybody is fit; and nobody healthy of the chosen group is left out.
            Assert.IsFalse(selection.Candidates.IsEmpty, groups);
            bool anyFit = candidates.Any(c => c.Health != HealthState.Unhealthy);
            Assert.AreEqual(!anyFit, selection.IsPanic, groups);
            foreach (RankedCandidate candidate in candidates)
            {
                bool isIn = selection.Candidates.Contains(candidate.Candidate);
                Assert.IsFalse(isIn && anyFit && candidate.Health == HealthState.Unhealthy, groups);
                Assert.IsTrue(isIn || candidate.Health != HealthState.Healthy || candidate.Candidate.EndPoint.Priority != selection.Priority, groups);
            }
        }
    }

    private static string Text(PrioritySelection selection) => string.Join(',', selection.Candidates.Select(c => c.Owner));

    private static RankedCandidate[] Candidates(string groups)
    {
        var clock = new ManualTimeProvider();
        return [.. groups.Split(' ').SelectMany(static (g, priority) => g.Select(c => (Letter: c, Priority: priority))).Select((c, i) => new RankedCandidate(
            new PickCandidate
            {
                EndPoint = new ChannelEndPoint(new TransportEndPoint(string.Create(CultureInfo.InvariantCulture, $"10.0.0.{i + 1}"), 443)) { Priority = c.Priority },
                Load = new EndPointLoad(clock),
                Owner = i,
            },
            c.Letter switch { 'h' => HealthState.Healthy, 'd' => HealthState.Degraded, _ => HealthState.Unhealthy }))];
    }
}
