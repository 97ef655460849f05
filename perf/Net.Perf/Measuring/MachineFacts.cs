using System.Globalization;
using System.Runtime.InteropServices;

namespace Net.Perf.Measuring;

/// <summary>What the figures depend on.</summary>
internal static class MachineFacts
{
    internal static IEnumerable<string> Lines()
    {
        string processor = Read("/proc/cpuinfo").Split('\n').FirstOrDefault(static l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[^1].Trim()
            ?? RuntimeInformation.ProcessArchitecture.ToString();
        yield return $"Machine: {processor}, {Directory.GetDirectories("/sys/devices/system/cpu").Count(static d => Path.GetFileName(d) is ['c', 'p', 'u', >= '0' and <= '9', ..])} logical cores, kernel {Read("/proc/sys/kernel/osrelease").Trim()}, load {Read("/proc/loadavg").Split(' ')[0]} at the end";
        var support = new Net.Ngtcp2.Ngtcp2Engine().Support;
        yield return $"Software: {RuntimeInformation.FrameworkDescription}, {(support.IsSupported ? $"libngtcp2 {support.Version}" : $"no ngtcp2 engine: {support.Reason}")}";
        yield return $"Date: {DateTimeOffset.UtcNow.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC";
    }

    private static string Read(string path) => File.Exists(path) ? File.ReadAllText(path) : "";
}
