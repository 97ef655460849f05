namespace Net.Chaos.Simulation.Faults;

/// <summary>Lets faults happen at their times, and ends them. What overlaps adds up, so that the end of one does not end another.</summary>
internal sealed class FaultDriver(SimulationWorld world, SimulatedCluster cluster, IReadOnlyList<SimulatedClient> clients)
{
    private readonly Dictionary<(SimulatedFaultKind Kind, int Host), int> _depths = [];

    /// <summary>Has a fault happen.</summary>
    internal void Plan(SimulatedFault fault)
    {
        world.After(fault.At, () => Begin(fault));
        if (fault.For > TimeSpan.Zero)
        {
            world.After(fault.End, () => End(fault));
        }
    }

    private void Begin(SimulatedFault fault)
    {
        world.Trace.Note("begin", 0, fault.ToString());
        switch (fault.Kind)
        {
            case SimulatedFaultKind.Rebind:
                ForClients(fault, cluster.Rebind);
                break;
            case SimulatedFaultKind.Migrate:
                ForClients(fault, cluster.Migrate);
                break;
            case SimulatedFaultKind.Rotate:
                ForClients(fault, client => clients[client].Tls.Rotate(fault.Amount > 0.5));
                break;
            case SimulatedFaultKind.Cancel:
                ForClients(fault, client => clients[client].Cancel(fault.Amount));
                break;
            case SimulatedFaultKind.Reset:
                ForHosts(fault, host => cluster.Servers[host].Reset());
                break;
            default:
                // What lasts no time at all has not happened.
                if (fault.For > TimeSpan.Zero)
                {
                    Change(fault, 1);
                }

                break;
        }
    }

    private void End(SimulatedFault fault)
    {
        world.Trace.Note("end", 0, fault.ToString());
        Change(fault, -1);
    }

    private void Change(SimulatedFault fault, int sign)
    {
        switch (fault.Kind)
        {
            case SimulatedFaultKind.Kill:
                ForHosts(fault, host => Switch(fault, host, sign, cluster.Kill, cluster.Start));
                break;
            case SimulatedFaultKind.Freeze:
                ForHosts(fault, host => Switch(fault, host, sign, h => cluster.Freeze(h, true), h => cluster.Freeze(h, false)));
                break;
            case SimulatedFaultKind.Refuse:
                ForHosts(fault, host => Switch(fault, host, sign, h => cluster.Refuse(h, true), h => cluster.Refuse(h, false)));
                break;
            case SimulatedFaultKind.Drain:
                ForHosts(fault, host => Switch(fault, host, sign, h => cluster.Servers[h].Drain(), h => cluster.Servers[h].EndDrain()));
                break;
            case SimulatedFaultKind.Fail:
                ForHosts(fault, host => cluster.Servers[host].FailShare = Math.Max(0, Math.Round(cluster.Servers[host].FailShare + (sign * fault.Amount), 6)));
                break;
            default:
                ForLinks(fault, sign);
                break;
        }
    }

    private void Switch(SimulatedFault fault, int host, int sign, Action<int> on, Action<int> off)
    {
        int before = _depths.GetValueOrDefault((fault.Kind, host));
        _depths[(fault.Kind, host)] = before + sign;
        if (before == 0)
        {
            on(host);
        }
        else if (before + sign == 0)
        {
            off(host);
        }
    }

    private void ForLinks(SimulatedFault fault, int sign)
    {
        for (int client = 0; client < cluster.Clients; client++)
        {
            for (int host = 0; host < cluster.Hosts; host++)
            {
                if (!fault.Meets(client, host))
                {
                    continue;
                }

                if (fault.Kind != SimulatedFaultKind.CutDownstream)
                {
                    Change(cluster.Up(client, host), fault, sign);
                }

                if (fault.Kind != SimulatedFaultKind.CutUpstream)
                {
                    Change(cluster.Down(client, host), fault, sign);
                }
            }
        }
    }

    private static void Change(LinkCondition link, SimulatedFault fault, int sign)
    {
        switch (fault.Kind)
        {
            case SimulatedFaultKind.Loss:
                link.Loss += sign * fault.Amount;
                break;
            case SimulatedFaultKind.Slow:
                link.Slowness += sign * fault.Amount;
                break;
            case SimulatedFaultKind.Reorder:
                link.Reorder += sign * fault.Amount;
                break;
            case SimulatedFaultKind.Duplicate:
                link.Duplicate += sign * fault.Amount;
                break;
            default:
                link.Cuts += sign;
                break;
        }
    }

    private void ForClients(SimulatedFault fault, Action<int> action)
    {
        for (int client = 0; client < clients.Count; client++)
        {
            if (fault.Meets(client))
            {
                action(client);
            }
        }
    }

    private void ForHosts(SimulatedFault fault, Action<int> action)
    {
        for (int host = 0; host < cluster.Hosts; host++)
        {
            if (fault.Host < 0 || fault.Host == host)
            {
                action(host);
            }
        }
    }
}
