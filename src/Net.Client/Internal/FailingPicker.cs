namespace Net.Client.Internal;

/// <summary>Chooses nobody, always for the same reason.</summary>
internal sealed class FailingPicker(PickFailure failure) : EndPointPicker([])
{
    internal static readonly FailingPicker NoEndPoint = new(PickFailure.NoEndPoint);
    internal static readonly FailingPicker AllUnhealthy = new(PickFailure.AllUnhealthy);

    public override PickResult Pick(in PickContext context) => PickResult.Fail(failure);

    public override double Score(int index, long now) =>
        throw new ArgumentOutOfRangeException(nameof(index), index, "There are no candidates.");
}
