using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Net.Server;

/// <summary>Says at start which engine serves UDP, or loudly that none does and what to install.</summary>
internal sealed class EngineReport(NetTransportStatus status, ILoggerFactory loggerFactory) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        ILogger logger = loggerFactory.CreateLogger("Net.Server");
        if (status.EngineName is null)
        {
            ServerLog.NoEngine(logger, status.MissingReason);
        }
        else if (status.MissingReason.Length > 0)
        {
            ServerLog.SecondEngine(logger, status.EngineName, status.MissingReason);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
