namespace Net.Chaos.Simulation.Http;

/// <summary>How a call of gRPC is made.</summary>
/// <param name="Deadline">By when it must be over, from now.</param>
/// <param name="Hedges">Whether a second attempt may run beside the first.</param>
/// <param name="FailsFast">Whether it does not wait for a connection.</param>
/// <param name="IsStream">Whether requests and answers are streams.</param>
internal readonly record struct SimulatedCallPlan(TimeSpan Deadline, bool Hedges, bool FailsFast, bool IsStream);
