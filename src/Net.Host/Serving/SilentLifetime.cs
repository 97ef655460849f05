using Microsoft.Extensions.Hosting;

namespace Net.Hosting.Serving;

/// <summary>Leaves signals alone: <see cref="ShutdownSignals"/> handles them, from before the host exists.</summary>
internal sealed class SilentLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
