using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;

namespace Net.Chaos.Scenarios;

/// <summary>Reads what happens.</summary>
internal sealed class FaultReader(Topology topology)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private static readonly (string Word, LinkDirection Value)[] Directions = [("both", LinkDirection.Both), ("upstream", LinkDirection.Upstream), ("downstream", LinkDirection.Downstream)];

    private static readonly (string Word, ProcessDeed Deed)[] Deeds =
    [
        ("kill", ProcessDeed.Kill), ("terminate", ProcessDeed.Terminate), ("freeze", ProcessDeed.Freeze), ("start", ProcessDeed.Start),
    ];

    private static readonly (string Word, CertificateChange Change)[] Changes =
    [
        ("rotate", CertificateChange.Rotate), ("break", CertificateChange.Break), ("revoke", CertificateChange.Revoke), ("add-authority", CertificateChange.AddAuthority), ("remove-authority", CertificateChange.RemoveAuthority),
    ];

    private static readonly (string Word, AttackKind Kind)[] Attacks = [("garbage", AttackKind.Garbage), ("half-open", AttackKind.HalfOpen), ("rapid-reset", AttackKind.RapidReset)];

    private static readonly (string Word, BadPair Pair)[] Pairs = [("mismatched", BadPair.Mismatched), ("truncated", BadPair.Truncated), ("expired", BadPair.Expired)];

    private readonly string[] _hosts = [.. topology.HostNames];
    private readonly string[] _clients = [.. topology.ClientNames];

    internal IEnumerable<FaultPlan> Read(ScenarioNode scenario)
    {
        foreach (ScenarioNode item in scenario.Maps("faults"))
        {
            FaultAction? action = ReadAction(item);
            if (action is ToxicFault or PartitionFault && !topology.IsProxied)
            {
                item.Fault("faults of the network need links through the proxy: leave 'links: direct' out of the topology.");
            }

            if (action is ProcessFault && topology.EndPoints.Count > 0)
            {
                item.Fault("the runner did not start these hosts and cannot end them: leave end-points out, or give a host-command.");
            }

            var plan = new FaultPlan
            {
                At = item.Time("at", TimeSpan.Zero, Day) ?? TimeSpan.Zero,
                For = item.Time("for", TimeSpan.FromMilliseconds(1), Day) ?? TimeSpan.Zero,
                Every = item.Time("every", TimeSpan.FromMilliseconds(10), Day) ?? TimeSpan.Zero,
                Times = item.Integer("times", 1, 10_000) ?? 1,
                Action = action ?? new MigrateFault([]),
                Line = item.Line,
            };
            if (!item.Has("at"))
            {
                item.Fault("at is missing: when it happens, such as 'at: 3s'.");
            }

            if (plan.Times > 1 && plan.Every <= plan.For)
            {
                item.Fault("something that happens several times needs 'every', longer than 'for'.");
            }

            item.EndOfKeys();
            if (action is not null)
            {
                yield return plan;
            }
        }
    }

    private FaultAction? ReadAction(ScenarioNode item)
    {
        foreach ((string word, ProcessDeed deed) in Deeds)
        {
            if (item.Has(word))
            {
                return ReadDeed(item, word, deed);
            }
        }

        if (item.Has("toxic"))
        {
            return new ToxicFault(
                item.Text("toxic") ?? "", ReadLinks(item), item.Choice<LinkDirection>("direction", Directions) ?? LinkDirection.Both, (float)(item.Number("toxicity", 0, 1) ?? 1),
                item.Map("with") is { } with ? ToJson(with) : []);
        }

        if (item.Has("partition"))
        {
            return ReadPartition(item);
        }

        if (item.Has("certificates"))
        {
            return ReadCertificates(item);
        }

        if (item.Has("attack"))
        {
            AttackKind kind = item.Choice<AttackKind>("attack", Attacks) ?? AttackKind.Garbage;
            return new AttackFault(kind, Names(item, "on", item.Find("on"), _hosts), item.Integer("count", 1, 1_000_000) ?? 1000);
        }

        if (item.Has("fill-disk"))
        {
            if (topology.DiskBytes == 0)
            {
                item.Fault("only a disk of the host's own can be filled: give it one with 'disk: 1MB' in the topology.");
            }

            return new DiskFault(Names(item, "fill-disk", item.Find("fill-disk"), _hosts));
        }

        if (item.Has("migrate"))
        {
            return new MigrateFault(Names(item, "migrate", item.Find("migrate"), _clients));
        }

        item.Fault("nothing happens: there are kill, terminate, freeze, start, toxic, partition, certificates, attack, fill-disk and migrate.");
        return null;
    }

    private CertificateFault? ReadCertificates(ScenarioNode item)
    {
        if (item.Choice<CertificateChange>("certificates", Changes) is not { } change)
        {
            return null;
        }

        if (change == CertificateChange.Revoke)
        {
            if (topology.EndPoints.Count == 0 && !topology.HostArguments.Concat(topology.HostCommand).Any(static a => a.Contains("crl.pem", StringComparison.Ordinal)))
            {
                item.Fault("revoke needs hosts that read the run's list: give them 'host-arguments: [--crl, \"{dir}/../certificates/crl.pem\"]'.");
            }

            return new CertificateFault(change, Names(item, "on", item.Find("on"), _clients));
        }

        // Who is trusted is the same for all: one file.
        string[] all = [.. _hosts, .. _clients];
        return change is CertificateChange.AddAuthority or CertificateChange.RemoveAuthority
            ? new CertificateFault(change, all)
            : new CertificateFault(change, Names(item, "on", item.Find("on"), all), change == CertificateChange.Break ? item.Choice<BadPair>("pair", Pairs) ?? BadPair.Mismatched : default);
    }

    private ProcessFault ReadDeed(ScenarioNode item, string word, ProcessDeed deed)
    {
        TimeSpan? startAfter = deed is ProcessDeed.Kill or ProcessDeed.Terminate ? item.Time("start-after", TimeSpan.Zero, Day) : null;
        if (deed == ProcessDeed.Freeze && !item.Has("for"))
        {
            item.Fault("freeze needs 'for': how long the process stands still.");
        }

        return new ProcessFault(deed, Names(item, word, item.Find(word), _hosts), item.Flag("in-turn") ?? false, startAfter);
    }

    private PartitionFault? ReadPartition(ScenarioNode item)
    {
        YamlNode node = item.Find("partition")!;
        LinkDirection direction = item.Choice<LinkDirection>("direction", Directions) ?? LinkDirection.Both;
        if (node is not YamlSequenceNode { Children.Count: >= 2 } groups)
        {
            item.Fault(node, "partition must be two or more groups, such as [[c1, h1], [h2, h3]].");
            return null;
        }

        IReadOnlyList<string>[] read = [.. groups.Children.Select(group => Names(item, "partition", group, [.. _hosts, .. _clients]))];
        foreach (string name in read.SelectMany(static g => g).GroupBy(static n => n).Where(static g => g.Count() > 1).Select(static g => g.Key))
        {
            item.Fault(node, $"partition has {name} in two groups.");
        }

        return new PartitionFault(read, direction);
    }

    private List<string> ReadLinks(ScenarioNode item)
    {
        string[] all = [.. _clients.SelectMany(c => _hosts.Select(h => $"{c}-{h}"))];
        return item.Has("links") ? Names(item, "links", item.Find("links"), all) : [.. all];
    }

    // A name, a list of names, or a pattern with a star at its end.
    private static List<string> Names(ScenarioNode item, string key, YamlNode? node, string[] known)
    {
        if (node is null)
        {
            item.Fault($"{key} is missing; there are {string.Join(", ", known)}.");
            return [];
        }

        var names = new List<string>();
        foreach (string word in item.WordsOf(node, key))
        {
            string[] found = word == "all" ? known
                : word.EndsWith('*') ? [.. known.Where(n => n.StartsWith(word[..^1], StringComparison.Ordinal))]
                : [.. known.Where(n => n == word)];
            if (found.Length == 0)
            {
                item.Fault(node, $"{key} holds '{word}'; there are {string.Join(", ", known)}, and all.");
            }

            names.AddRange(found.Except(names));
        }

        return names;
    }

    private static JsonObject ToJson(ScenarioNode with)
    {
        var json = new JsonObject();
        foreach (KeyValuePair<YamlNode, YamlNode> pair in with.Pairs())
        {
            string key = ((YamlScalarNode)pair.Key).Value ?? "";
            if (with.TextOf(pair.Value, key) is { } text)
            {
                json[key] = ToJson(text);
            }
        }

        return json;
    }

    private static JsonValue ToJson(string text) =>
        bool.TryParse(text, out bool flag) ? JsonValue.Create(flag)
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer) ? JsonValue.Create(integer)
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? JsonValue.Create(number)
        : JsonValue.Create(text);
}
