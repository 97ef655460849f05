using System.CommandLine;
using System.Globalization;
using Net.Hosting.CommandLine;
using Net.Testing;

namespace Net.UnitTests.Host;

/// <summary>Options from the command line, the environment and their defaults, whatever stands in them: the first of the three that says something counts.</summary>
[TestClass]
public sealed class EnvironmentArgumentsPropertyTests
{
    private static readonly string[] Texts = ["a", "two words", "a=b", "=", ":", "-x", "--name", "--", "@file", "\"quoted\"", "'", "\\", "\u00e4\u20ac", "x:y", " ", "-", "$HOME", "%PATH%"];

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Add_AnyMixture_TheCommandLineGoesBeforeTheEnvironmentAndThatBeforeTheDefault()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        for (int round = 0; round < 5000; round++)
        {
            var command = new TestCommand();
            List<string> arguments = ["run"];
            var environment = new Dictionary<string, string>();
            string?[] texts = [.. command.Texts.Select((option, i) => Choose(
                random, option, arguments, environment, "NET_" + TestCommand.VariablesOfTexts[i], $"default {i}", static random => Texts[random.Next(Texts.Length)]))];
            string number = Choose(random, command.Number, arguments, environment, "NET_NUMBER", "7", static random => random.Next(-100, 100).ToString(CultureInfo.InvariantCulture))!;
            string flag = Choose(random, command.Flag, arguments, environment, "NET_FLAG", "false", static random => random.Next(2) == 0 ? "true" : "false")!;

            // What stands behind -- is for nobody's option.
            string[] rest = random.Next(2) == 0 ? [] : ["--", "--first=x", Texts[random.Next(Texts.Length)]];
            arguments.AddRange(rest);

            (string[] all, IReadOnlyList<string> variables) = EnvironmentArguments.Add(command.Root.Parse(arguments), arguments, environment.GetValueOrDefault);

            string where = string.Join(" | ", all);
            ParseResult parsed = command.Root.Parse(all);
            Assert.IsEmpty(parsed.Errors, where);
            for (int i = 0; i < texts.Length; i++)
            {
                Assert.AreEqual(texts[i], parsed.GetValue(command.Texts[i]), where);
            }

            Assert.AreEqual(number, parsed.GetValue(command.Number).ToString(CultureInfo.InvariantCulture), where);
            Assert.AreEqual(flag, parsed.GetValue(command.Flag) ? "true" : "false", where);
            CollectionAssert.AreEqual(rest.Skip(1).ToArray(), parsed.GetValue(command.Rest), where);
            Assert.HasCount(all.Length - arguments.Count, variables);
            Assert.IsTrue(variables.All(v => environment.Any(e => v == $"{e.Key}={e.Value}")), where);
        }
    }

    [TestMethod]
    public void Add_BrokenCommandLines_NeverThrow()
    {
        Random random = TestSeed.TakeRandom(TestContext);
        string[] pieces = ["run", "--first", "--second-one", "--number", "--number=x", "--flag", "--unknown", "--help", "--version", "--", "-", "x", ""];
        for (int round = 0; round < 5000; round++)
        {
            var command = new TestCommand();
            string[] arguments = [.. Enumerable.Range(0, random.Next(6)).Select(_ => pieces[random.Next(pieces.Length)])];
            (string[] all, _) = EnvironmentArguments.Add(command.Root.Parse(arguments), arguments, name => random.Next(2) == 0 ? Texts[random.Next(Texts.Length)] : null);

            // All that was given is still there, in its order.
            int found = 0;
            foreach (string each in all)
            {
                found += found < arguments.Length && each == arguments[found] ? 1 : 0;
            }

            Assert.HasCount(found, arguments, string.Join(" | ", all));
        }
    }

    // Draws where an option's value comes from, and returns what it must be.
    private static string? Choose(
        Random random, Option option, List<string> arguments, Dictionary<string, string> environment, string variable, string defaultValue, Func<Random, string> draw)
    {
        string? expected = defaultValue;
        switch (random.Next(4))
        {
            case 0:
                expected = environment[variable] = draw(random);
                break;
            case 1:
                // An empty variable is none.
                environment[variable] = "";
                break;
        }

        if (random.Next(3) == 0)
        {
            expected = draw(random);
            arguments.Add($"{option.Name}={expected}");
        }

        return expected;
    }

    private sealed class TestCommand
    {
        internal static readonly string[] VariablesOfTexts = ["FIRST", "SECOND_ONE"];

        internal TestCommand()
        {
            var run = new Command("run") { Number, Flag, Rest };
            foreach (Option<string> option in Texts)
            {
                run.Options.Add(option);
            }

            Root = new RootCommand { run };
        }

        internal RootCommand Root { get; }

        internal Option<string>[] Texts { get; } = [new("--first") { DefaultValueFactory = static _ => "default 0" }, new("--second-one") { DefaultValueFactory = static _ => "default 1" }];

        internal Option<int> Number { get; } = new("--number") { DefaultValueFactory = static _ => 7 };

        internal Option<bool> Flag { get; } = new("--flag");

        internal Argument<string[]> Rest { get; } = new("rest");
    }
}
