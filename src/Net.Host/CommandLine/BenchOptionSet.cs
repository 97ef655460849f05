using System.CommandLine;
using Net.Hosting.Benchmarking;

namespace Net.Hosting.CommandLine;

/// <summary>Options that every measurement has.</summary>
internal sealed class BenchOptionSet
{
    private readonly Option<int> _connections = CountOptions.Make("--connections", "Connections.", 1, 1, 100_000);
    private readonly Option<int> _streams = CountOptions.Make("--streams", "Streams or calls at once on each connection.", 1, 1, 100_000);
    private readonly Option<int> _count = CountOptions.Make("--count", "Calls over all streams.", 10_000, 1, int.MaxValue);

    private readonly Option<TimeSpan?> _duration = new("--duration")
    {
        Description = "How long to go on, instead of --count.",
        CustomParser = static result => DurationText.Parse(result),
        HelpName = "TIME",
    };

    private readonly Option<int> _rate = new("--rate")
    {
        Description = "Calls for each second over all streams, due whether earlier ones came back or not. Without: as fast as they come back.",
        CustomParser = static result => CountOptions.Parse(result, "--rate", 1, 10_000_000),
        HelpName = "N",
    };

    private readonly Option<int> _size = SizeText.MakeOption("--size", "Bytes of an echo or a value: a number, with k or M.", 16 << 20, 64);
    private readonly Option<int> _warmup = CountOptions.Make("--warmup", "Calls over all streams before measuring begins.", 1000, 0, int.MaxValue);
    private readonly ClientOptionSet _client;

    internal BenchOptionSet(Command command, IEnumerable<string> engines, bool hasRoute)
    {
        _client = new ClientOptionSet(command, engines, hasRoute, hasHttp: true);
        foreach (Option option in new Option[] { _connections, _streams, _count, _duration, _rate, _size, _warmup })
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetResult(_count) is { Implicit: false } && result.GetResult(_duration) is { Implicit: false })
            {
                result.AddError("--count and --duration each say when to stop; give one of them.");
            }
        });
    }

    internal BenchOptions Read(ParseResult parsed) => new()
    {
        Target = _client.Read(parsed),
        Service = BenchService.RawEcho,
        Rate = parsed.GetResult(_rate) is null ? null : parsed.GetValue(_rate),
        Connections = parsed.GetValue(_connections),
        Streams = parsed.GetValue(_streams),
        Count = parsed.GetValue(_count),
        Duration = parsed.GetValue(_duration),
        Size = parsed.GetValue(_size),
        NewStream = false,
        Warmup = parsed.GetValue(_warmup),
        Inline = true,
        Json = _client.ReadJson(parsed),
    };
}
