using System.Globalization;

namespace Net.Client.Internal;

/// <summary>Reads the path statistics of an end point's sessions and says when most of them show early signs of trouble. One caller at a time.</summary>
internal sealed class PathWatch(PathHealthOptions options)
{
    /// <summary>So many readings in a row ask slow sessions each time: enough for a smoothed figure to come down from minutes to milliseconds.</summary>
    private const int EagerReadings = 75;

    /// <summary>After those the path is probably slow for good, and only one reading of so many asks.</summary>
    private const int PatientReadings = 10;

    private readonly Dictionary<ChannelSession, Sent> _before = [];
    private readonly HashSet<ChannelSession> _sessions = [];
    private string? _sign;
    private int _clean;
    private int _slowReadings;

    /// <summary>The sign, kept until enough readings in a row were clean; <c>null</c>: nothing points to trouble.</summary>
    internal string? Sign => _sign;

    /// <summary>Whether readings should follow each other closely, as something is to be found out.</summary>
    internal bool IsRestless => _sign is not null || _slowReadings > 0;

    /// <summary>Reads once.</summary>
    /// <param name="target">Whose sessions; its load learns the best smoothed round-trip time.</param>
    internal void Read(HealthTarget target)
    {
        _sessions.Clear();
        target.CopySessions(_sessions);
        int known = 0;
        int suspect = 0;
        string? sign = null;
        TimeSpan? rtt = null;
        bool isAnySlow = false;
        bool isAsking = _slowReadings < EagerReadings || _slowReadings % PatientReadings == 0;
        foreach (ChannelSession session in _sessions)
        {
            PathStatistics statistics = session.GetPathStatistics();
            if (statistics is { SmoothedRtt: null, ProbeTimeouts: null, DatagramsSent: null })
            {
                continue;
            }

            known++;
            target.HandleRead(session, statistics);
            if (IsSlow(statistics.SmoothedRtt, statistics.MinRtt))
            {
                // The figure follows samples, and whoever is avoided for it has no calls that would bring some: one that was taken while a server stood still would stand for ever.
                isAnySlow = true;
                if (isAsking)
                {
                    target.HandleSlow(session);
                }
            }

            rtt = statistics.SmoothedRtt is TimeSpan smoothed && (rtt is null || smoothed < rtt) ? smoothed : rtt;
            if (SignOf(session, statistics) is { } found)
            {
                suspect++;
                sign ??= found;
            }
        }

        _slowReadings = isAnySlow ? _slowReadings + 1 : 0;
        target.EndReading();
        Forget();
        if (rtt is not null)
        {
            target.Load.SmoothedRtt = rtt;
        }

        // One bad session of many is the session's trouble, not the path's.
        if (sign is not null && suspect * 2 >= known)
        {
            _sign ??= sign;
            _clean = 0;
        }
        else if (_sign is not null && ++_clean >= options.ClearSamples)
        {
            _sign = null;
        }
    }

    private string? SignOf(ChannelSession session, in PathStatistics statistics)
    {
        if (statistics.ProbeTimeouts is int timeouts && timeouts >= options.ProbeTimeouts)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{timeouts} probe timeouts in a row");
        }

        if (statistics is { SmoothedRtt: TimeSpan smoothed, MinRtt: TimeSpan least } && IsSlow(smoothed, least) && IsSlow(statistics.LatestRtt ?? smoothed, least))
        {
            return string.Create(CultureInfo.InvariantCulture, $"round trips take {smoothed.TotalMilliseconds:0.#} ms, once {least.TotalMilliseconds:0.#} ms");
        }

        if (statistics is not { DatagramsSent: long sent, PacketsLost: long lost })
        {
            return null;
        }

        if (!_before.TryGetValue(session, out Sent before))
        {
            _before[session] = new Sent(sent, lost);
            return null;
        }

        if (sent - before.Datagrams < options.LossDatagrams)
        {
            return null;
        }

        _before[session] = new Sent(sent, lost);
        double ratio = (double)(lost - before.Lost) / (sent - before.Datagrams);
        return ratio >= options.LossRatio ? string.Create(CultureInfo.InvariantCulture, $"{ratio:0%} of {sent - before.Datagrams} datagrams lost") : null;
    }

    private bool IsSlow(TimeSpan? time, TimeSpan? least) => time - least >= options.RttRise && time >= least * options.RttFactor;

    private void Forget()
    {
        foreach (ChannelSession session in _before.Keys)
        {
            if (!_sessions.Contains(session))
            {
                // Removing while enumerating is allowed for a dictionary.
                _before.Remove(session);
            }
        }

        _sessions.Clear();
    }

    private readonly record struct Sent(long Datagrams, long Lost);
}
