using Net.Hosting;
using Net.Hosting.CommandLine;

return await HostCommandLine.RunAsync(args, HostContext.ForProcess()).ConfigureAwait(false);
