using System.Runtime.CompilerServices;

namespace Net.ChaosTests.Running;

/// <summary>The scenario files that ship.</summary>
internal static class ScenarioFolder
{
    internal static string Find([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../chaos/scenarios"));
}
