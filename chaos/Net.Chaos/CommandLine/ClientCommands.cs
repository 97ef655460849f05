using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Net.Chaos.Api;
using Net.Chaos.Proxy;

namespace Net.Chaos.CommandLine;

/// <summary>The commands that ask a running proxy: list, inspect, create, toggle, delete, toxic, toxics, rebind.</summary>
internal static class ClientCommands
{
    private static Option<string> HostOption() => new("--host")
    {
        Description = "Where the API is.",
        DefaultValueFactory = static _ => string.Create(CultureInfo.InvariantCulture, $"localhost:{ChaosApiServer.DefaultPort}"),
        HelpName = "HOST:PORT",
    };

    internal static IEnumerable<Command> Make(CommandContext context) =>
        [List(context), Inspect(context), Create(context), Toggle(context), Delete(context), ToxicCommands.Make(context, HostOption()), Types(context), Rebind(context)];

    private static Command List(CommandContext context)
    {
        Option<string> host = HostOption();
        Command command = new("list", "Lists all proxies.") { host };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new ApiClient(parsed.GetValue(host)!);
            JsonElement proxies = await client.SendAsync(HttpMethod.Get, "proxies", null, cancellationToken).ConfigureAwait(false);
            foreach (JsonProperty proxy in proxies.EnumerateObject())
            {
                await context.Output.WriteLineAsync(Line(proxy.Value)).ConfigureAwait(false);
            }
        });
        return command;
    }

    private static Command Inspect(CommandContext context)
    {
        Option<string> host = HostOption();
        Argument<string> name = NameArgument();
        Command command = new("inspect", "Shows a proxy and its toxics.") { name, host };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new ApiClient(parsed.GetValue(host)!);
            JsonElement proxy = await client.SendAsync(HttpMethod.Get, $"proxies/{ApiClient.Escape(parsed.GetValue(name)!)}", null, cancellationToken).ConfigureAwait(false);
            await context.Output.WriteLineAsync(Line(proxy)).ConfigureAwait(false);
            foreach (JsonElement toxic in proxy.GetProperty("toxics").EnumerateArray())
            {
                await context.Output.WriteLineAsync($"  {ToxicCommands.Line(toxic)}").ConfigureAwait(false);
            }
        });
        return command;
    }

    private static Command Create(CommandContext context)
    {
        Option<string> host = HostOption();
        Argument<string> name = NameArgument();
        Option<string> listen = new("--listen", "-l") { Description = "Where the proxy listens.", DefaultValueFactory = static _ => "127.0.0.1:0", HelpName = "HOST:PORT" };
        Option<string> upstream = new("--upstream", "-u") { Description = "Where it passes on to.", Required = true, HelpName = "HOST:PORT" };
        Option<bool> udp = new("--udp") { Description = "Carries UDP, QUIC among it; else TCP." };
        Command command = new("create", "Adds a proxy.") { name, listen, upstream, udp, host };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new ApiClient(parsed.GetValue(host)!);
            var body = new JsonObject
            {
                ["name"] = parsed.GetValue(name),
                ["listen"] = parsed.GetValue(listen),
                ["upstream"] = parsed.GetValue(upstream),
                ["protocol"] = parsed.GetValue(udp) ? "udp" : "tcp",
            };
            await context.Output.WriteLineAsync(Line(await client.SendAsync(HttpMethod.Post, "proxies", body, cancellationToken).ConfigureAwait(false))).ConfigureAwait(false);
        });
        return command;
    }

    private static Command Toggle(CommandContext context)
    {
        Option<string> host = HostOption();
        Argument<string> name = NameArgument();
        Command command = new("toggle", "Takes a proxy down, or up again.") { name, host };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new ApiClient(parsed.GetValue(host)!);
            string path = $"proxies/{ApiClient.Escape(parsed.GetValue(name)!)}";
            JsonElement proxy = await client.SendAsync(HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false);
            var body = new JsonObject { ["enabled"] = !proxy.GetProperty("enabled").GetBoolean() };
            await context.Output.WriteLineAsync(Line(await client.SendAsync(HttpMethod.Patch, path, body, cancellationToken).ConfigureAwait(false))).ConfigureAwait(false);
        });
        return command;
    }

    private static Command Delete(CommandContext context)
    {
        Option<string> host = HostOption();
        Argument<string> name = NameArgument();
        Command command = new("delete", "Removes a proxy.") { name, host };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new ApiClient(parsed.GetValue(host)!);
            await client.SendAsync(HttpMethod.Delete, $"proxies/{ApiClient.Escape(parsed.GetValue(name)!)}", null, cancellationToken).ConfigureAwait(false);
            await context.Output.WriteLineAsync($"{parsed.GetValue(name)} is gone").ConfigureAwait(false);
        });
        return command;
    }

    private static Command Rebind(CommandContext context)
    {
        Option<string> host = HostOption();
        Argument<string> name = NameArgument();
        Option<string?> address = new("--address") { Description = "The new source address, such as 127.0.0.2; else only the port changes.", HelpName = "IP" };
        Command command = new("rebind", "Gives every UDP session a new source port or address towards the server.") { name, address, host };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new ApiClient(parsed.GetValue(host)!);
            var body = new JsonObject { ["address"] = parsed.GetValue(address) ?? "" };
            JsonElement answer = await client.SendAsync(HttpMethod.Post, $"proxies/{ApiClient.Escape(parsed.GetValue(name)!)}/rebind", body, cancellationToken).ConfigureAwait(false);
            await context.Output.WriteLineAsync($"{answer.GetProperty("sessions").GetInt32()} sessions moved").ConfigureAwait(false);
        });
        return command;
    }

    private static Command Types(CommandContext context)
    {
        Command command = new("toxics", "Lists every type of toxic with its attributes and their defaults.");
        command.SetAction(async (_, _) =>
        {
            foreach (ToxicType type in ToxicTypes.All)
            {
                await context.Output.WriteLineAsync($"{(type.Protocol == ProxyProtocol.Udp ? "udp" : "tcp")} {type.Name}: {type.Help}").ConfigureAwait(false);
                foreach (ToxicAttribute attribute in type.Attributes)
                {
                    await context.Output.WriteLineAsync($"      {attribute.Name}={attribute.DefaultWords}  {attribute.Help}").ConfigureAwait(false);
                }
            }
        });
        return command;
    }

    internal static Argument<string> NameArgument() => new("proxy") { Description = "Name of the proxy." };

    private static string Line(JsonElement proxy)
    {
        string protocol = proxy.TryGetProperty("protocol", out JsonElement value) ? value.GetString()! : "tcp";
        string state = proxy.GetProperty("enabled").GetBoolean() ? "up" : "down";
        return $"{proxy.GetProperty("name").GetString()}  {protocol} {proxy.GetProperty("listen").GetString()} -> {proxy.GetProperty("upstream").GetString()}  {state}  toxics: {proxy.GetProperty("toxics").GetArrayLength()}";
    }
}
