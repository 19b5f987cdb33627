using System.Net;
using System.Net.Sockets;
using StatelessSwarm.Swarm.Networks;

namespace StatelessSwarm.Swarm.Trackers;

/// <summary>The address that this machine has inside its site.</summary>
internal static class InsideAddress
{
    // Nothing is sent to it.
    private const int AnyPort = 9;

    /// <summary>
    /// Our end of a route to the target, when it is of private scope; null otherwise. Costs a socket and no packet: connecting a datagram
    /// socket only looks the route up.
    /// </summary>
    public static IPAddress? Towards(IPAddress target)
    {
        try
        {
            using var probe = new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            probe.Connect(new IPEndPoint(target, AnyPort));
            var address = ((IPEndPoint)probe.LocalEndPoint!).Address;
            return NetworkScope.IsInside(address) ? address : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
