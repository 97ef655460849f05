using System.Collections.Immutable;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Client;
using Net.Testing;

namespace Net.ClientTests.Balancing;

/// <summary>A policy of a user's own is one small class.</summary>
[TestClass]
public sealed class OwnPolicyTests
{
    [TestMethod]
    public void CreatePicker_OfAPolicyOfOnesOwn_WorksAsTheOthersDo()
    {
        var fleet = new Fleet(4, TestSeed.TakeRandom());
        fleet.Candidates = [.. fleet.Candidates.Select((c, i) => c with { EndPoint = c.EndPoint with { Zone = i < 2 ? "south" : "north" } })];
        EndPointPicker picker = fleet.Picker(new NearestZonePolicy("north"));

        CollectionAssert.AreEqual((int[])[0, 0, 100, 0], fleet.Count(picker, 100));
        CollectionAssert.AreEqual((int[])[0, 0, 0, 100], fleet.Count(picker, 100, [0b0100]));
        CollectionAssert.AreEqual((int[])[100, 0, 0, 0], fleet.Count(picker, 100, [0b1100]));
        Assert.AreEqual(PickFailure.AllAvoided, fleet.Pick(picker, avoid: [0b1111]).Failure);
        Assert.AreEqual(PickFailure.NoEndPoint, fleet.Pick(new NearestZonePolicy("north").CreatePicker([], fleet.Context)).Failure);
    }

    private sealed class NearestZonePolicy(string zone) : BalancingPolicy
    {
        public override string Name => "nearest_zone";

        protected override EndPointPicker Create(ImmutableArray<PickCandidate> candidates, BalancingContext context) => new Picker(candidates, zone);

        private sealed class Picker(ImmutableArray<PickCandidate> candidates, string zone) : EndPointPicker(candidates)
        {
            public override PickResult Pick(in PickContext context)
            {
                int best = -1;
                for (int i = 0; i < Candidates.Length; i++)
                {
                    if (!context.IsAvoided(i) && (best < 0 || Score(i, context.Now) < Score(best, context.Now)))
                    {
                        best = i;
                    }
                }

                return best < 0 ? PickResult.Fail(PickFailure.AllAvoided) : PickResult.Connect(best);
            }

            public override double Score(int index, long now) => Candidates[index].EndPoint.Zone == zone ? 0 : 1;
        }
    }
}
