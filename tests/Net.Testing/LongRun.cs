namespace Net.IntegrationTests.Http3Robustness;

/// <summary>Whether the full number of repetitions is asked for, by the environment variable <c>NET_TEST_LONG=1</c>.</summary>
internal static class LongRun
{
    internal static bool IsAsked => Environment.GetEnvironmentVariable("NET_TEST_LONG") == "1";
}
