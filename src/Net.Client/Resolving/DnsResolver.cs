using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Net.Client.Internal;

namespace Net.Client;

/// <summary>Resolves one name into an end point for each of its addresses, and again at intervals and after failures. The last good answer stays when a query fails.</summary>
public sealed class DnsResolver : EndPointResolver
{
    private readonly Lock _gate = new();
    private readonly ChannelEndPoint _template;
    private readonly DnsResolverOptions _options;
    private readonly DnsQuery _query;
    private readonly TimeProvider _timeProvider;
    private readonly Random _random;

    /// <summary>Makes a resolver; it asks once it is enumerated.</summary>
    /// <param name="template">
    /// The name and port. Each address becomes an end point with this one's weight, priority and zone, and with its server name, so that certificates are still checked against the name.
    /// </param>
    /// <param name="options">Intervals and bounds; <c>null</c>: the defaults.</param>
    /// <param name="query">How to ask; <c>null</c>: the system's resolver (<see cref="Dns"/>), which knows hosts files, search domains and caches.</param>
    /// <param name="timeProvider">The clock; <c>null</c>: the system's.</param>
    /// <param name="random">Where a seed for jitter is drawn from, here and now; <c>null</c>: one of its own.</param>
    /// <param name="loggerFactory">Where answers and failures are logged; <c>null</c>: nowhere.</param>
    /// <exception cref="ArgumentException">The template or the options are out of range.</exception>
    public DnsResolver(
        ChannelEndPoint template, DnsResolverOptions? options = null, DnsQuery? query = null, TimeProvider? timeProvider = null, Random? random = null,
        ILoggerFactory? loggerFactory = null)
        : base(loggerFactory?.CreateLogger<DnsResolver>())
    {
        ArgumentNullException.ThrowIfNull(template);
        template.Validate();
        _template = template;
        _options = options ?? DnsResolverOptions.Default;
        _options.Validate();
        _query = query ?? AskSystemAsync;
        _timeProvider = timeProvider ?? TimeProvider.System;
        _random = random is null ? new Random() : new Random(random.Next());
    }

    /// <inheritdoc/>
    public override string Name => $"dns:{_template.Address}";

    /// <inheritdoc/>
    public override async IAsyncEnumerable<ImmutableArray<ChannelEndPoint>> ResolveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ImmutableArray<ChannelEndPoint> known = [];
        TimeSpan retry = _options.MinInterval;
        while (true)
        {
            Task refresh = RefreshRequested;
            long asked = _timeProvider.GetTimestamp();
            TimeSpan next;
            ImmutableArray<ChannelEndPoint> found = [];
            try
            {
                (found, TimeSpan? timeToLive) = await AskAsync(cancellationToken).ConfigureAwait(false);
                next = timeToLive is TimeSpan time ? Clamp(time, _options.MaxTimeToLive) : _options.RefreshInterval;
                retry = _options.MinInterval;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                ReportFailure(exception, keepsOld: !known.IsEmpty);
                next = retry;
                retry = Clamp(retry * 2, _options.RefreshInterval);
            }

            if (!found.IsEmpty && !found.SequenceEqual(known))
            {
                known = found;
                ResolvingLog.Resolved(Logger, Name, known.Length, string.Join(", ", known));
                yield return known;
            }

            await WaitAsync(refresh, Jitter(next), _timeProvider, cancellationToken).ConfigureAwait(false);
            TimeSpan early = _options.MinInterval - _timeProvider.GetElapsedTime(asked);
            if (early > TimeSpan.Zero)
            {
                await Task.Delay(early, _timeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<(ImmutableArray<ChannelEndPoint> Found, TimeSpan? TimeToLive)> AskAsync(CancellationToken cancellationToken)
    {
        string host = _template.Address.Host;
        using var limit = new CancellationTokenSource(_options.Timeout, _timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        DnsAnswer answer;
        try
        {
            // Some systems cannot cancel a query under way: what they answer later is dropped.
            answer = await _query(host, linked.Token).AsTask().WaitAsync(linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                string.Create(CultureInfo.InvariantCulture, $"No DNS answer for '{host}' within {_options.Timeout} ({nameof(DnsResolverOptions)}.{nameof(DnsResolverOptions.Timeout)})."), exception);
        }

        // In one order, whatever order a server rotates them into, so that only a change is news.
        ImmutableArray<ChannelEndPoint> found = [.. answer.Addresses
            .Where(a => _options.Family == AddressFamily.Unspecified || a.AddressFamily == _options.Family)
            .Select(static a => a.IsIPv4MappedToIPv6 ? a.MapToIPv4() : a)
            .Distinct()
            .OrderBy(static a => a.AddressFamily)
            .ThenBy(static a => Convert.ToHexString(a.GetAddressBytes()), StringComparer.Ordinal)
            .Take(_options.MaxAddresses)
            .Select(a => new ChannelEndPoint(new TransportEndPoint(a.ToString(), _template.Address.Port))
            {
                ServerName = _template.EffectiveServerName,
                Weight = _template.Weight,
                Priority = _template.Priority,
                Zone = _template.Zone,
            })];
        return found.IsEmpty
            ? throw new InvalidDataException($"'{host}' has no address of the wanted family ({_options.Family}); see its DNS records.")
            : (found, answer.TimeToLive);
    }

    private static async ValueTask<DnsAnswer> AskSystemAsync(string host, CancellationToken cancellationToken) =>
        new(await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false));

    private TimeSpan Clamp(TimeSpan time, TimeSpan max) => time < _options.MinInterval ? _options.MinInterval : time > max ? max : time;

    private TimeSpan Jitter(TimeSpan time)
    {
        lock (_gate)
        {
            return time * (1 + (_options.Jitter * ((2 * _random.NextDouble()) - 1)));
        }
    }
}
