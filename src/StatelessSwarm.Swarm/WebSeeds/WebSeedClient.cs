namespace StatelessSwarm.Swarm.WebSeeds;

/// <summary>The HTTP client of all web seeds of a host: no proxy, no cookies, no decompression, no redirects of its own.</summary>
internal static class WebSeedClient
{
    /// <summary>A client; its connections are kept alive between ranges and closed when it is disposed.</summary>
    public static HttpMessageInvoker Create() =>
        new(
            new SocketsHttpHandler
            {
                ConnectTimeout = TimeSpan.FromSeconds(8),
                PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
                MaxResponseHeadersLength = 16,
                AllowAutoRedirect = false,
                UseProxy = false,
                UseCookies = false,
                AutomaticDecompression = System.Net.DecompressionMethods.None,
                // what is left of a broken-off body is read if it is little, or else its connection is closed
                MaxResponseDrainSize = 64 * 1024,
                ResponseDrainTimeout = TimeSpan.FromSeconds(1),
                ActivityHeadersPropagator = null,
            }
        );
}
