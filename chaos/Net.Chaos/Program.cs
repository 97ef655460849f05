using Net.Chaos.CommandLine;

return await ChaosCommandLine.RunAsync(args, CommandContext.ForProcess()).ConfigureAwait(false);
