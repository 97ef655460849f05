namespace Net.Client.Internal;

/// <summary>Who may be picked for one protocol, frozen and swapped whole: the policy's picker, and the group behind each of its candidates.</summary>
/// <param name="picker">The picker.</param>
/// <param name="groups">In the order of the picker's candidates.</param>
/// <param name="isHopeful">Whether an end point that is not among them may come up by itself.</param>
internal sealed class RouteSnapshot(EndPointPicker picker, ConnectionGroup[] groups, bool isHopeful)
{
    /// <summary>Up to this many words of 64 end points a pick keeps on its stack.</summary>
    internal const int MaxStackWords = 8;

    internal static readonly RouteSnapshot Nothing = new(FailingPicker.NoEndPoint, [], isHopeful: true);

    internal EndPointPicker Picker => picker;

    internal ConnectionGroup[] Groups => groups;

    /// <summary>Marks the end points that a call has tried.</summary>
    /// <returns>Whether any was marked.</returns>
    internal bool Mark(TriedEndPoints tried, Span<ulong> avoid)
    {
        bool any = false;
        for (int i = 0; i < groups.Length; i++)
        {
            if (tried.Contains(groups[i].EndPoint.Id))
            {
                avoid[i >> 6] |= 1UL << (i & 63);
                any = true;
            }
        }

        return any;
    }

    /// <summary>What a call is to be told when no candidate could serve.</summary>
    internal PickOutcome Conclude(PickFailure failure, PickOutcome worst)
    {
        PickOutcome outcome = failure == PickFailure.AllUnhealthy ? PickOutcome.AllUnhealthy : worst;
        return isHopeful && outcome < PickOutcome.NotConnected && failure != PickFailure.AllUnhealthy ? PickOutcome.NotConnected : outcome;
    }
}
