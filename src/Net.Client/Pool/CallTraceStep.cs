using System.Globalization;

namespace Net.Client;

/// <summary>One step of a <see cref="CallTrace"/>.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Elapsed">When, from the first step of its rent on.</param>
/// <param name="EndPoint">The end point it is about, or <c>null</c>.</param>
/// <param name="Detail">The reason, in words.</param>
public sealed record CallTraceStep(CallTraceStepKind Kind, TimeSpan Elapsed, ChannelEndPoint? EndPoint, string Detail)
{
    /// <summary>The policy's cost of a candidate, lower is better; <c>null</c> for other steps and for policies without scores.</summary>
    public double? Score { get; init; }

    /// <summary>The step as one line.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"+{Elapsed.TotalMilliseconds:0.###} ms {Kind}{(EndPoint is null ? "" : " " + EndPoint)}{(Score is double score ? $" score {score:0.###}" : "")}{(Detail.Length == 0 ? "" : ": " + Detail)}");
}
