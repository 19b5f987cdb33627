using System.Net;
using System.Net.Sockets;

namespace StatelessSwarm.Seed.Hosting;

/// <summary>
/// The bound HTTP sockets. Bound here rather than by the web server, so that several addresses can share one free port and a
/// port in use is told in one line.
/// </summary>
internal sealed class HttpListeners : IDisposable
{
    private const int Backlog = 512;
    private const int FreePortTries = 16;

    private readonly Dictionary<IPEndPoint, Socket> _sockets;

    private HttpListeners(Dictionary<IPEndPoint, Socket> sockets, int port)
    {
        _sockets = sockets;
        Port = port;
    }

    /// <summary>The port of all of them.</summary>
    public int Port { get; }

    /// <summary>Where they listen.</summary>
    public IReadOnlyCollection<IPEndPoint> EndPoints => _sockets.Keys;

    /// <summary>Binds.</summary>
    /// <param name="addresses">Addresses; empty for all v4 and, where the machine has it, v6.</param>
    /// <param name="port">Port, 0 for one that is free on every address.</param>
    /// <exception cref="IOException">An address cannot be bound; names it.</exception>
    public static HttpListeners Bind(IReadOnlyList<IPAddress> addresses, int port)
    {
        var wanted = addresses.Count > 0 ? addresses
            : Socket.OSSupportsIPv6 ? [IPAddress.Any, IPAddress.IPv6Any]
            : [IPAddress.Any];
        for (var tries = 1; ; tries++)
        {
            var sockets = new Dictionary<IPEndPoint, Socket>();
            var chosen = port;
            try
            {
                foreach (var address in wanted.Distinct())
                {
                    var socket = Open(new IPEndPoint(address, chosen));
                    var bound = (IPEndPoint)socket.LocalEndPoint!;
                    sockets.Add(bound, socket);
                    chosen = bound.Port;
                }
                return new HttpListeners(sockets, chosen);
            }
            catch (IOException) when (port == 0 && sockets.Count > 0 && tries < FreePortTries)
            {
                // the port that was free on the first address is taken on a later one
                Close(sockets);
            }
            catch
            {
                Close(sockets);
                throw;
            }
        }
    }

    /// <summary>True for an end point that was bound here.</summary>
    public bool Has(EndPoint endPoint) => endPoint is IPEndPoint address && _sockets.ContainsKey(address);

    /// <summary>Hands the socket of an end point over to the web server.</summary>
    public Socket Take(EndPoint endPoint) =>
        _sockets.TryGetValue((IPEndPoint)endPoint, out var socket)
            ? socket
            : throw new ArgumentException($"{endPoint} was not bound here.", nameof(endPoint));

    /// <inheritdoc/>
    public void Dispose() => Close(_sockets);

    private static Socket Open(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = false;
            socket.Bind(endPoint);
            // listening now and not only when the web server starts: two servers may both bind, only one may listen
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new IOException($"cannot listen for HTTP on {endPoint}: {exception.Message}", exception);
        }
    }

    private static void Close(Dictionary<IPEndPoint, Socket> sockets)
    {
        foreach (var socket in sockets.Values)
            socket.Dispose();
    }
}
