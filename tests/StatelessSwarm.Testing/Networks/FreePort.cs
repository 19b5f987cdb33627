using System.Net;
using System.Net.Sockets;

namespace StatelessSwarm.Testing.Networks;

/// <summary>Ports for programs that cannot pick one themselves.</summary>
public static class FreePort
{
    /// <summary>A port of 127.0.0.1 that no program has at this moment, for TCP and for UDP.</summary>
    public static int Take()
    {
        while (true)
        {
            using var tcp = new TcpListener(IPAddress.Loopback, 0);
            tcp.Start();
            var endPoint = (IPEndPoint)tcp.LocalEndpoint;
            using var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                udp.Bind(endPoint);
                return endPoint.Port;
            }
            catch (SocketException)
            {
                // Another program has the UDP port of this number.
            }
        }
    }
}
