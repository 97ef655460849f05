using System.Globalization;

namespace Net.Perf.Reporting;

/// <summary>Numbers as text.</summary>
internal static class Format
{
    internal static string Number(double value, int digits = 1) =>
        double.IsNaN(value) ? "-" : value.ToString("N" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    internal static string Percent(double value) => (value * 100).ToString("N1", CultureInfo.InvariantCulture) + " %";
}
