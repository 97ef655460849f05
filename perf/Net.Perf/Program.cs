return await Net.Perf.PerfCommand.Create().Parse(args).InvokeAsync().ConfigureAwait(false);
