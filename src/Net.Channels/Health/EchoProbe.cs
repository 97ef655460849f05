using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Net.Client;

namespace Net.Channels;

/// <summary>Checks that the server's process answers: sends random bytes over a raw stream and wants the same back.</summary>
public sealed class EchoProbe : HealthProbe
{
    private const int Size = 16;

    private readonly string _route;
    private readonly TimeProvider _timeProvider;

    /// <summary>Makes a probe.</summary>
    /// <param name="route">The route of an echo handler, as <c>Net.Server.EchoHandler</c> is. Default <c>echo</c>.</param>
    /// <param name="timeProvider">The clock that measures the round trip; <c>null</c>: the system's.</param>
    /// <exception cref="ArgumentException">The route is no name of a handler.</exception>
    public EchoProbe(string route = "echo", TimeProvider? timeProvider = null)
    {
        _route = new RawStreamHeader(route).Route;
        _timeProvider = timeProvider ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public override string Name => "echo";

    /// <inheritdoc/>
    public override HealthAspect Aspect => HealthAspect.Process;

    /// <inheritdoc/>
    public override string? Protocol => RawStreamProtocol.ApplicationProtocol;

    /// <inheritdoc/>
    public override async ValueTask<ProbeResult> ProbeAsync(ChannelSession session, CancellationToken cancellationToken)
    {
        if (session is not RawStreamSession streams)
        {
            return ProbeResult.Inconclusive($"A session of {session?.Protocol} carries no raw streams.");
        }

        byte[] sent = RandomNumberGenerator.GetBytes(Size);
        long started = _timeProvider.GetTimestamp();
        RawStream stream = await streams.OpenAsync(_route, null, null, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await stream.Output.WriteAsync(sent, cancellationToken).ConfigureAwait(false);
            await stream.Output.CompleteAsync().ConfigureAwait(false);
            ReadResult answer = await stream.Input.ReadAtLeastAsync(Size, cancellationToken).ConfigureAwait(false);
            bool isSame = answer.Buffer.Length == Size && answer.Buffer.ToArray().AsSpan().SequenceEqual(sent);
            stream.Input.AdvanceTo(answer.Buffer.End);
            return isSame
                ? ProbeResult.Pass(_timeProvider.GetElapsedTime(started))
                : ProbeResult.Fail($"The route '{_route}' answered {Size} bytes with {answer.Buffer.Length} others; it is no echo.");
        }
    }
}
