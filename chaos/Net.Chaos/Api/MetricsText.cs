using System.Globalization;
using System.Text;
using Net.Chaos.Proxy;

namespace Net.Chaos.Api;

/// <summary>Writes counters in Prometheus' text format, version 0.0.4: what was carried under toxiproxy's names, and each fault that really happened.</summary>
internal static class MetricsText
{
    internal const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly ToxicStream[] Streams = [ToxicStream.Upstream, ToxicStream.Downstream];

    internal static string Write(IReadOnlyList<ChaosProxy> proxies)
    {
        var text = new StringBuilder();
        AddByStream(text, proxies, "toxiproxy_proxy_received_bytes_total", "Bytes received.", static (t, s) => t.ReceivedBytes(s));
        AddByStream(text, proxies, "toxiproxy_proxy_sent_bytes_total", "Bytes sent.", static (t, s) => t.SentBytes(s));
        AddByStream(text, proxies, "net_chaos_received_datagrams_total", "Datagrams received.", static (t, s) => t.ReceivedDatagrams(s));
        AddByStream(text, proxies, "net_chaos_sent_datagrams_total", "Datagrams sent.", static (t, s) => t.SentDatagrams(s));
        AddByStream(text, proxies, "net_chaos_failed_sends_total", "Datagrams that the system would not take.", static (t, s) => t.FailedSends(s));
        Add(text, proxies, "net_chaos_sessions_total", "Connections or client addresses so far.", static t => t.Sessions);
        Add(text, proxies, "net_chaos_refused_sessions_total", "Those that could not be served: a limit was reached or the upstream refused.", static t => t.RefusedSessions);
        Add(text, proxies, "net_chaos_overflow_datagrams_total", "Datagrams lost because the proxy held as much as it may.", static t => t.Overflows);
        Add(text, proxies, "net_chaos_stray_datagrams_total", "Answers of the server to addresses that a toxic replayed from.", static t => t.StrayDatagrams);
        Add(text, proxies, "net_chaos_stray_bytes_total", "The bytes of these answers.", static t => t.StrayBytes);
        AddFaults(text, proxies);
        return text.ToString();
    }

    private static void AddByStream(StringBuilder text, IReadOnlyList<ChaosProxy> proxies, string name, string help, Func<TrafficCounters, ToxicStream, long> read)
    {
        Head(text, name, help);
        foreach (ChaosProxy proxy in proxies)
        {
            foreach (ToxicStream stream in Streams)
            {
                Line(text, name, $"direction=\"{StreamNames.Of(stream)}\",listener=\"{Escape(proxy.Listen)}\",proxy=\"{Escape(proxy.Name)}\",upstream=\"{Escape(proxy.Upstream)}\"", read(proxy.Traffic, stream));
            }
        }
    }

    private static void Add(StringBuilder text, IReadOnlyList<ChaosProxy> proxies, string name, string help, Func<TrafficCounters, long> read)
    {
        Head(text, name, help);
        foreach (ChaosProxy proxy in proxies)
        {
            Line(text, name, $"proxy=\"{Escape(proxy.Name)}\"", read(proxy.Traffic));
        }
    }

    private static void AddFaults(StringBuilder text, IReadOnlyList<ChaosProxy> proxies)
    {
        const string name = "net_chaos_faults_total";
        Head(text, name, "Faults that really happened.");
        foreach (ChaosProxy proxy in proxies)
        {
            foreach (((string toxic, string type), FaultCounters faults) in proxy.Faults.OrderBy(static f => f.Key))
            {
                foreach (ToxicStream stream in Streams)
                {
                    foreach (FaultKind kind in Enum.GetValues<FaultKind>())
                    {
                        if (faults.ReadTotal(stream, kind) is > 0 and long count)
                        {
                            Line(text, name, $"direction=\"{StreamNames.Of(stream)}\",fault=\"{NameOf(kind)}\",proxy=\"{Escape(proxy.Name)}\",toxic=\"{Escape(toxic)}\",type=\"{type}\"", count);
                        }
                    }
                }
            }
        }
    }

    private static string NameOf(FaultKind kind) => kind == FaultKind.QueueFull ? "queue_full" : kind.ToString().ToLowerInvariant();

    private static void Head(StringBuilder text, string name, string help) => text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(" counter\n");

    private static void Line(StringBuilder text, string name, string labels, long value) =>
        text.Append(name).Append('{').Append(labels).Append("} ").Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
