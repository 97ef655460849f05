namespace Net.IntegrationTests.Setup;

/// <summary>How a script ended and what it said.</summary>
internal sealed record ScriptResult(int ExitCode, string Output, string Error)
{
    public string[] OutputLines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Everything said, for the message of a failed assertion.</summary>
    public string Everything => $"exit code {ExitCode}\n{Output}\n{Error}";
}
