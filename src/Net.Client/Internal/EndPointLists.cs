using System.Collections.Immutable;

namespace Net.Client.Internal;

/// <summary>What is asked of any list of end points.</summary>
internal static class EndPointLists
{
    /// <summary>Notes every fault of a list.</summary>
    internal static void AddFaults(OptionFaults faults, string property, ImmutableArray<ChannelEndPoint> endPoints)
    {
        if (endPoints.IsEmpty)
        {
            faults.Add(property, "is empty; a channel needs one end point at least.");
        }

        var places = new HashSet<ChannelEndPoint>(ChannelEndPoint.PlaceComparer);
        for (int i = 0; i < endPoints.Length; i++)
        {
            string name = $"{property}[{i}]";
            if (endPoints[i] is not { } endPoint)
            {
                faults.Add(name, "is null.");
                continue;
            }

            try
            {
                endPoint.Validate();
            }
            catch (ArgumentException exception)
            {
                faults.Add(name, "has faults: " + exception.Message);
            }

            if (!places.Add(endPoint))
            {
                faults.Add(name, $"is {endPoint} once more; list each place once and give it a larger weight instead.");
            }
        }
    }
}
