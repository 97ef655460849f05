using Net.Ngtcp2.Udp;

namespace Net.Chaos.Simulation.Datagrams;

/// <summary>Carries datagrams between hosts, with what the links do to them.</summary>
/// <param name="world">Time and chance.</param>
/// <param name="conditions">The link from one host to another.</param>
internal sealed class DatagramNetwork(SimulationWorld world, Func<DatagramHost, DatagramHost, LinkCondition> conditions)
{
    private static readonly TimeSpan LongestHold = TimeSpan.FromMilliseconds(30);
    private readonly Dictionary<SocketAddressBuffer, (DatagramHost Host, int Socket)> _routes = [];
    private readonly Dictionary<LinkCondition, TimeSpan> _lastArrivals = [];

    internal void Bind(in SocketAddressBuffer address, DatagramHost host, int socket)
    {
        if (!_routes.TryAdd(address, (host, socket)))
        {
            throw new SimulationException($"{address} is in use already.");
        }
    }

    internal void Unbind(in SocketAddressBuffer address) => _routes.Remove(address);

    /// <summary>Sends a datagram on its way.</summary>
    internal void Transmit(DatagramHost from, SocketAddressBuffer source, SocketAddressBuffer destination, byte ecn, byte[] data)
    {
        if (!_routes.TryGetValue(destination, out (DatagramHost Host, int Socket) route))
        {
            // A NAT has forgotten the address.
            return;
        }

        LinkCondition link = conditions(from, route.Host);
        if (link.IsCut)
        {
            link.Touched++;
            return;
        }

        if (link.Strikes(link.Loss, world))
        {
            return;
        }

        Deliver(link, source, destination, ecn, data);
        if (link.Strikes(link.Duplicate, world))
        {
            Deliver(link, source, destination, ecn, data);
        }
    }

    private void Deliver(LinkCondition link, SocketAddressBuffer source, SocketAddressBuffer destination, byte ecn, byte[] data)
    {
        TimeSpan arrival = world.Now + link.DrawDelay(world);
        if (link.Strikes(link.Reorder, world))
        {
            arrival += world.Draw(LongestHold);
        }
        else
        {
            TimeSpan last = _lastArrivals.GetValueOrDefault(link);
            arrival = arrival > last ? arrival : last;
            _lastArrivals[link] = arrival;
        }

        world.After(arrival - world.Now, () =>
        {
            // The address may have moved on meanwhile, and the link may be cut.
            if (_routes.TryGetValue(destination, out (DatagramHost Host, int Socket) route) && !link.IsCut)
            {
                route.Host.Receive(route.Socket, source, data, ecn);
            }
        });
    }
}
