using System.Net;
using System.Net.Sockets;
using StatelessSwarm.Swarm.Identities;

namespace StatelessSwarm.Swarm.WebSeeds;

/// <summary>The HTTP client of all web seeds of a host: no proxy, no cookies, no decompression, no redirects of its own.</summary>
internal static class WebSeedClient
{
    /// <summary>A client; its connections are kept alive between ranges and closed when it is disposed.</summary>
    /// <param name="onConnected">Told of every connection once it stands, before anything is sent on it.</param>
    /// <param name="identity">Shown to servers that ask for one; servers of its authority are trusted. Null for none.</param>
    public static HttpMessageInvoker Create(Action<Socket> onConnected, SwarmIdentity? identity) =>
        new(
            new SocketsHttpHandler
            {
                SslOptions = identity?.ServerOptions() ?? new(),
                ConnectTimeout = TimeSpan.FromSeconds(8),
                ConnectCallback = (context, cancellation) => ConnectAsync(context.DnsEndPoint, onConnected, cancellation),
                PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
                MaxResponseHeadersLength = 16,
                AllowAutoRedirect = false,
                UseProxy = false,
                UseCookies = false,
                AutomaticDecompression = DecompressionMethods.None,
                // what is left of a broken-off body is read if it is little, or else its connection is closed
                MaxResponseDrainSize = 64 * 1024,
                ResponseDrainTimeout = TimeSpan.FromSeconds(1),
                ActivityHeadersPropagator = null,
            }
        );

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint endPoint, Action<Socket> onConnected, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancellation);
            onConnected(socket);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
