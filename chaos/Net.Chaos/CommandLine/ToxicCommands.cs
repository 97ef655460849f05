using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Net.Chaos.Proxy;

namespace Net.Chaos.CommandLine;

/// <summary><c>net-chaos toxic add | update | remove</c>, in the manner of toxiproxy-cli.</summary>
internal static class ToxicCommands
{
    internal static Command Make(CommandContext context, Option<string> host) =>
        new("toxic", "Adds, changes or removes a toxic.") { Add(context, host), Update(context, host), Remove(context, host) };

    internal static string Line(JsonElement toxic) => string.Create(
        CultureInfo.InvariantCulture,
        $"{toxic.GetProperty("name").GetString()}: {toxic.GetProperty("type").GetString()} {toxic.GetProperty("stream").GetString()} toxicity={toxic.GetProperty("toxicity").GetSingle()} {toxic.GetProperty("attributes").GetRawText()}");

    private static Command Add(CommandContext context, Option<string> host)
    {
        Argument<string> proxy = ClientCommands.NameArgument();
        Option<string> type = new("--type", "-t") { Description = "What it does; 'net-chaos toxics' lists all.", Required = true, HelpName = "TYPE" };
        Option<string?> name = new("--toxicName", "-n") { Description = "Its name. Default: type and stream.", HelpName = "NAME" };
        Option<bool> upstream = new("--upstream", "-u") { Description = "Meets what the client sends; else what the server sends." };
        Option<float?> toxicity = ToxicityOption();
        Option<string[]> attributes = AttributeOption();
        Command command = new("add", "Adds a toxic.") { proxy, type, name, upstream, toxicity, attributes, host };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new ApiClient(parsed.GetValue(host)!);
            var body = new JsonObject
            {
                ["type"] = parsed.GetValue(type),
                ["name"] = parsed.GetValue(name) ?? "",
                ["stream"] = parsed.GetValue(upstream) ? "upstream" : "downstream",
                ["toxicity"] = parsed.GetValue(toxicity) ?? 1,
                ["attributes"] = Parse(parsed.GetValue(attributes)!),
            };
            string path = $"proxies/{ApiClient.Escape(parsed.GetValue(proxy)!)}/toxics";
            await context.Output.WriteLineAsync(Line(await client.SendAsync(HttpMethod.Post, path, body, cancellationToken).ConfigureAwait(false))).ConfigureAwait(false);
        });
        return command;
    }

    private static Command Update(CommandContext context, Option<string> host)
    {
        Argument<string> proxy = ClientCommands.NameArgument();
        Option<string> name = RequiredName();
        Option<float?> toxicity = ToxicityOption();
        Option<string[]> attributes = AttributeOption();
        Command command = new("update", "Changes a toxic; what is not given stays.") { proxy, name, toxicity, attributes, host };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new ApiClient(parsed.GetValue(host)!);
            var body = new JsonObject { ["attributes"] = Parse(parsed.GetValue(attributes)!) };
            if (parsed.GetValue(toxicity) is { } given)
            {
                body["toxicity"] = given;
            }

            JsonElement answer = await client.SendAsync(HttpMethod.Patch, PathOf(parsed.GetValue(proxy)!, parsed.GetValue(name)!), body, cancellationToken).ConfigureAwait(false);
            await context.Output.WriteLineAsync(Line(answer)).ConfigureAwait(false);
        });
        return command;
    }

    private static Command Remove(CommandContext context, Option<string> host)
    {
        Argument<string> proxy = ClientCommands.NameArgument();
        Option<string> name = RequiredName();
        Command command = new("remove", "Removes a toxic; what it holds back is delivered.") { proxy, name, host };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new ApiClient(parsed.GetValue(host)!);
            await client.SendAsync(HttpMethod.Delete, PathOf(parsed.GetValue(proxy)!, parsed.GetValue(name)!), null, cancellationToken).ConfigureAwait(false);
            await context.Output.WriteLineAsync($"{parsed.GetValue(name)} is gone").ConfigureAwait(false);
        });
        return command;
    }

    private static string PathOf(string proxy, string toxic) => $"proxies/{ApiClient.Escape(proxy)}/toxics/{ApiClient.Escape(toxic)}";

    private static Option<string> RequiredName() => new("--toxicName", "-n") { Description = "Its name.", Required = true, HelpName = "NAME" };

    private static Option<float?> ToxicityOption() => new("--toxicity") { Description = "The part of connections or sessions that it acts on, 0 to 1.", HelpName = "P" };

    private static Option<string[]> AttributeOption() => new("--attribute", "-a")
    {
        Description = "An attribute as name=value; may be given several times.",
        DefaultValueFactory = static _ => [],
        HelpName = "NAME=VALUE",
    };

    private static JsonObject Parse(string[] attributes)
    {
        var parsed = new JsonObject();
        foreach (string attribute in attributes)
        {
            int equals = attribute.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw ChaosException.BadBody($"attribute '{attribute}' is not name=value");
            }

            string value = attribute[(equals + 1)..];

            // 007 may be the beginning of an identifier; as a number it would lose its zeros.
            bool isText = value.Length > 1 && value[0] == '0' && char.IsAsciiDigit(value[1]);
            parsed[attribute[..equals]] = !isText && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? JsonValue.Create(number)
                : bool.TryParse(value, out bool flag) ? JsonValue.Create(flag)
                : JsonValue.Create(value);
        }

        return parsed;
    }
}
