namespace Net.Perf.Reporting;

/// <summary>A goal: what must hold, what is aimed for, and which way is better.</summary>
/// <param name="Row">Its number in the list of goals, and a letter where one number has several figures.</param>
/// <param name="What">What is measured.</param>
/// <param name="Must">The value that must be reached; <c>null</c> when there is only an aim.</param>
/// <param name="Aim">The value that is aimed for; <c>null</c> when there is only the one.</param>
/// <param name="HigherIsBetter">Whether more is better; for most rows less is.</param>
internal sealed record Goal(string Row, string What, double? Must, double? Aim, bool HigherIsBetter = false)
{
    /// <summary>All goals that this program measures.</summary>
    internal static IReadOnlyList<Goal> All { get; } =
    [
        new("1", "echo on a reused stream, p50 / UDP ping-pong p50", 2.5, 1.8),
        new("2", "echo on a new stream, p50 / UDP ping-pong p50", 3.5, 2.5),
        new("3", "gRPC over h3, unary, one in flight, p50 / over h2 with TLS", 1.7, 1.3),
        new("4", "gRPC over h3, unary, one in flight, p50 / over the platform's h3 (msquic)", 0.8, 0.6),
        new("5", "gRPC over h3, unary, 100 in flight, CPU per call / over h2 with TLS", 2.2, 1.6),
        new("6a", "bulk CPU per GB / gtlsserver + gtlsclient", 1.25, 1.1),
        new("6b", "bulk CPU per GB / SslStream over TCP", 1.9, 1.5),
        new("7", "bulk MB/s / UDP with GSO x10 and GRO, one core", 0.22, 0.30, HigherIsBetter: true),
        new("8a", "packets per send call, bulk", 8, 16, HigherIsBetter: true),
        new("8b", "packets per receive call, bulk", 8, 16, HigherIsBetter: true),
        new("9a", "packets per call, new stream, one in flight", 5, 4),
        new("9b", "packets per call, new stream, 100 in flight", 1, 0.5),
        new("9c", "packets per unary call, one in flight", 5, 4),
        new("9d", "packets per unary call, 100 in flight", 1, 0.5),
        new("10a", "bytes allocated per echo, reused stream, both ends", 0, 0),
        new("10b", "bytes allocated per unary call, both ends / over h2 with TLS", 1, null),
        new("10c", "bytes allocated per unary call, both ends", null, 3072),
        new("11a", "CPU of pool, balancer and breaker for a call that is not traced, ns", 300, 150),
        new("11b", "bytes allocated by pool, balancer and breaker for a call that is not traced", 0, 0),
        new("11c", "CPU of pool, balancer, breaker and runner for a call with a deadline that is not traced, ns", 300, 150),
        new("11d", "bytes allocated by them for a call with a deadline: its token, which no other call may have", 128, 0),
        new("12a", "CPU of a recorded span, us", 1, 0.5),
        new("12b", "bytes allocated for a recorded span", 1024, null),
        new("13", "mTLS handshake CPU / SslStream mTLS", 0.5, 0.3),
        new("14", "RSS per idle connection pair at 1,000, KiB", 120, 100),
        new("15", "CPU per echo, 1 -> 4,000 connections: growth / that of the native library alone", 1.5, 1.2),
        new("16", "CPU per echo with 1,000 open streams / 1", 1.10, 1.03),
        new("17", "RSS slope from 1,000 to 10,000 connections / to 1,000", 1.05, null),
        new("18a", "p99 beside one slow backend, least connections / round robin", 0.75, null),
        new("18b", "p99 beside one slow backend, peak EWMA / round robin", 0.75, 0.35),
    ];

    /// <summary>The largest spread of the yardstick with itself at which anything is claimed of a row.</summary>
    internal const double MaxNoise = 0.05;

    /// <summary>
    /// How a measured value stands: "met" reaches the aim, "must" reaches what must be but not the aim, "missed" reaches neither. "not sure": the yardstick differed from itself by more than
    /// <see cref="MaxNoise"/>, or nothing was measured, so that nothing is claimed.
    /// </summary>
    /// <param name="value">What was measured.</param>
    /// <param name="noise">The A/A spread of the row; <c>null</c> for what is counted.</param>
    internal string Judge(double value, double? noise = null)
    {
        // Written so that a spread that is no number says no more than one that is too large.
        if (double.IsNaN(value) || (noise is { } spread && !(spread <= MaxNoise)))
        {
            return "not sure";
        }

        // What is shown is what is judged: a value that reads 0.0 in the table is 0.
        double rounded = Math.Round(value, 2);
        bool Reaches(double limit) => HigherIsBetter ? rounded >= limit : rounded <= limit;
        return Aim is { } aim && Reaches(aim) ? "met" : Must is not { } must || !Reaches(must) ? "missed" : Aim is null ? "met" : "must";
    }
}
