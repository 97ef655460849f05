using System.Text.Json;
using Net.Perf.Reporting;

namespace Net.UnitTests.Perf;

/// <summary>Verdicts and tables.</summary>
[TestClass]
public sealed class ReportTests
{
    [TestMethod]
    [DataRow(1.1, "met")]
    [DataRow(1.104, "met")]
    [DataRow(1.11, "must")]
    [DataRow(1.25, "must")]
    [DataRow(1.26, "missed")]
    [DataRow(double.NaN, "not sure")]
    public void Judge_WhereLessIsBetter_ComparesWithAimAndMust(double value, string verdict) =>
        Assert.AreEqual(verdict, new Goal("x", "something", 1.25, 1.1).Judge(value));

    [TestMethod]
    [DataRow(0.30, "met")]
    [DataRow(0.29, "must")]
    [DataRow(0.22, "must")]
    [DataRow(0.21, "missed")]
    public void Judge_WhereMoreIsBetter_ComparesTheOtherWay(double value, string verdict) =>
        Assert.AreEqual(verdict, new Goal("x", "something", 0.22, 0.30, HigherIsBetter: true).Judge(value));

    [TestMethod]
    [DataRow(1.05, "met")]
    [DataRow(1.06, "missed")]
    public void Judge_WithoutAnAim_KnowsOnlyTheMust(double value, string verdict) =>
        Assert.AreEqual(verdict, new Goal("x", "something", 1.05, null).Judge(value));

    [TestMethod]
    [DataRow(3072.0, "met")]
    [DataRow(3072.1, "missed")]
    public void Judge_WithOnlyAnAim_KnowsNoMust(double value, string verdict) =>
        Assert.AreEqual(verdict, new Goal("x", "something", null, 3072).Judge(value));

    [TestMethod]
    [DataRow(1.0, 0.05, "met")]
    [DataRow(1.2, 0.05, "must")]
    [DataRow(9.9, 0.0, "missed")]
    [DataRow(1.0, 0.0501, "not sure")]
    [DataRow(1.2, 0.3, "not sure")]
    [DataRow(9.9, double.PositiveInfinity, "not sure")]
    [DataRow(9.9, double.NaN, "not sure")]
    public void Judge_YardstickThatDiffersFromItself_ClaimsNothing(double value, double noise, string verdict) =>
        Assert.AreEqual(verdict, new Goal("x", "something", 1.25, 1.1).Judge(value, noise));

    [TestMethod]
    public void Format_OfANoisyRow_SaysThatNothingIsClaimed()
    {
        var report = new Report();
        report.Stand("15", 0.5, "", 0.2);

        string text = MarkdownReport.Format(report, []);

        StringAssert.Contains(text, "| 0.50 | not sure | 20.0 % |");
        StringAssert.Contains(text, "not sure: the A/A spread is over 5 %");
    }

    [TestMethod]
    public void Format_OfAGoalWithOnlyAnAim_LeavesTheMustOut()
    {
        var report = new Report();
        report.Stand("10c", 4000, "");

        StringAssert.Contains(MarkdownReport.Format(report, []), "| 10c | bytes allocated per unary call, both ends | - | <= 3072 | as is | 4,000.00 | missed | - |  |\n");
    }

    [TestMethod]
    public void All_Goals_AskMoreOfTheAimThanOfTheMust_AndHaveRowsOfTheirOwn()
    {
        Assert.HasCount(Goal.All.Count, Goal.All.Select(static g => g.Row).Distinct());
        foreach (Goal goal in Goal.All)
        {
            Assert.IsTrue(goal.Aim is not null || goal.Must is not null, goal.Row);
            Assert.IsTrue(goal.Aim is not { } aim || goal.Must is not { } must || (goal.HigherIsBetter ? aim >= must : aim <= must), goal.Row);
        }
    }

    [TestMethod]
    public void Format_OfAReport_IsMarkdownWithFactsGoalsAndFigures()
    {
        Report report = MakeReport();

        string text = MarkdownReport.Format(report, ["Command: `x`", "Machine: y"]);

        StringAssert.Contains(text, "- Command: `x`\n- Machine: y\n");
        StringAssert.Contains(text, "| 16 | CPU per echo with 1,000 open streams / 1 | <= 1.1 | <= 1.03 | as is | 1.07 | must | 2.5 % | a variant |\n");
        StringAssert.Contains(text, "| 8a | packets per send call, bulk | >= 8 | >= 16 | as is | 43.00 | met | - | counted |\n");
        StringAssert.Contains(text, "\n## A table\n\n| what | us |\n| --- | --- |\n| a \\| b | 1.5 |\n\n- A note.\n");
        Assert.IsLessThan(text.IndexOf("| 16 |", StringComparison.Ordinal), text.IndexOf("| 8a |", StringComparison.Ordinal));
    }

    [TestMethod]
    public void Serialize_OfAReport_ComesBackWhole()
    {
        Report report = MakeReport();

        Report back = JsonSerializer.Deserialize<Report>(JsonSerializer.Serialize(report))!;

        Assert.AreEqual(MarkdownReport.Format(report, []), MarkdownReport.Format(back, []));
    }

    [TestMethod]
    public void Add_OfAnotherReport_KeepsBoth()
    {
        Report report = MakeReport();

        report.Add(MakeReport());

        Assert.HasCount(2, report.Tables);
        Assert.HasCount(4, report.Standings);
    }

    [TestMethod]
    [DataRow(1234.567, 1, "1,234.6")]
    [DataRow(0.005, 2, "0.01")]
    [DataRow(double.NaN, 1, "-")]
    public void Number_OfAnyCulture_IsWrittenTheSame(double value, int digits, string expected) => Assert.AreEqual(expected, Format.Number(value, digits));

    private static Report MakeReport()
    {
        var report = new Report();
        var table = new FigureTable("A table", ["what", "us"]);
        table.Add("a | b", Format.Number(1.5));
        table.Notes.Add("A note.");
        report.Tables.Add(table);
        report.Stand("16", 1.07, "a variant", 0.025);
        report.Stand("8a", 43, "counted");
        return report;
    }
}
