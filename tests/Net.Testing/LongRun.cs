namespace Net.Testing;

/// <summary>Whether the full number of repetitions is asked for, by the environment variable <c>NET_TEST_LONG=1</c>.</summary>
public static class LongRun
{
    /// <summary>Whether it is.</summary>
    public static bool IsAsked => Environment.GetEnvironmentVariable("NET_TEST_LONG") == "1";
}
