using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using StatelessSwarm.Content;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Swarm.Identities;

namespace StatelessSwarm.Node.Fetching;

/// <summary>
/// Reads small files of a repository over HTTP: bounded in size (an answer may be one byte longer than allowed before it is given
/// up), in time, and in tries. Proxies are not used: the server is the site's own. What comes back is not believed yet.
/// </summary>
internal sealed class MetadataClient : IDisposable
{
    /// <summary>Tries per file; only failures that may pass are tried again.</summary>
    private const int Tries = 3;

    /// <summary>Time for a file from a neighbour.</summary>
    private static readonly TimeSpan NeighbourTimeout = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Time for one try of a small file; larger ones get <see cref="TimePerMegabyte"/> on top.</summary>
    private static readonly TimeSpan BaseTimeout = TimeSpan.FromSeconds(15);

    // a torrent of 1 MiB over a shared branch link of 2 Mbit/s takes 4 s
    private static readonly TimeSpan TimePerMegabyte = TimeSpan.FromSeconds(8);

    private readonly HttpClient _client;
    private readonly HttpClient? _memberClient;
    private readonly Uri _server;
    private readonly TimeProvider _time;
    private readonly Random _random;

    /// <summary>A client of one server.</summary>
    /// <param name="server">Base URL, ending in '/'.</param>
    /// <param name="identity">Shown to the server; neighbours have to be members of its authority. Null outside of closed swarms.</param>
    /// <param name="time">Clock for timeouts and waits.</param>
    /// <param name="random">Spreads the waits between tries.</param>
    public MetadataClient(Uri server, SwarmIdentity? identity, TimeProvider time, Random random)
    {
        _server = server;
        _time = time;
        _random = random;
        _client = NewClient(identity?.ServerOptions());
        if (identity is not null)
            _memberClient = NewClient(identity.MemberOptions());
    }

    private static HttpClient NewClient(SslClientAuthenticationOptions? tls) =>
        new(
            new SocketsHttpHandler
            {
                SslOptions = tls ?? new(),
                ConnectTimeout = ConnectTimeout,
                PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
                MaxResponseHeadersLength = 16,
                MaxAutomaticRedirections = 3,
                MaxConnectionsPerServer = 4,
                UseProxy = false,
                UseCookies = false,
            }
        )
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };

    /// <summary>A file of the repository, or null when the server says there is none.</summary>
    /// <param name="path">Relative path.</param>
    /// <param name="maxBytes">Largest answer accepted.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="NodeException">The server cannot be reached or does not answer in time.</exception>
    /// <exception cref="ContentException">The answer is too large.</exception>
    public Task<byte[]?> GetAsync(string path, int maxBytes, CancellationToken cancellation) => GetAsync(path, maxBytes, null, cancellation);

    /// <summary>A file of the repository, or null when the server says there is none.</summary>
    /// <param name="path">Relative path.</param>
    /// <param name="maxBytes">Largest answer accepted.</param>
    /// <param name="isEnough">Asked after a failure: true when there is somebody else to ask, so that no more tries are worth their time.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="NodeException">The server cannot be reached or does not answer in time.</exception>
    /// <exception cref="ContentException">The answer is too large.</exception>
    public async Task<byte[]?> GetAsync(string path, int maxBytes, Func<bool>? isEnough, CancellationToken cancellation)
    {
        var url = new Uri(_server, path);
        var backoff = new Backoff(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(4), _random);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryAsync(_client, url, maxBytes, cancellation);
            }
            catch (Exception fault) when (IsPassing(fault, cancellation))
            {
                if (attempt == Tries || isEnough?.Invoke() == true)
                    throw new NodeException(FaultKind.Unreachable, $"{url}: {Reason(fault)}", fault);
            }
            await Task.Delay(backoff.Next(), _time, cancellation);
        }
    }

    /// <summary>A file that a neighbour hands on, or null when it has none. One try, within <see cref="NeighbourTimeout"/>.</summary>
    /// <param name="neighbour">Where it takes peers.</param>
    /// <param name="path">Relative path.</param>
    /// <param name="maxBytes">Largest answer accepted.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="NodeException">It does not answer, or not in time.</exception>
    /// <exception cref="ContentException">The answer is too large.</exception>
    public async Task<byte[]?> GetFromAsync(IPEndPoint neighbour, string path, int maxBytes, CancellationToken cancellation)
    {
        var url = new Uri(new Uri($"{(_memberClient is null ? "http" : "https")}://{neighbour}/"), path);
        using var limit = new CancellationTokenSource(NeighbourTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await TryAsync(_memberClient ?? _client, url, maxBytes, either.Token);
        }
        catch (Exception fault) when (IsPassing(fault, cancellation))
        {
            throw new NodeException(FaultKind.Unreachable, $"{url}: {Reason(fault)}", fault);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _memberClient?.Dispose();
    }

    private async Task<byte[]?> TryAsync(HttpClient client, Uri url, int maxBytes, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(BaseTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
            return null;
        if (response.StatusCode != HttpStatusCode.OK)
        {
            var words = $"{url}: the server answered {(int)response.StatusCode}, expected 200";
            throw (int)response.StatusCode >= 500 || response.StatusCode == HttpStatusCode.TooManyRequests
                ? new HttpRequestException(words)
                : new NodeException(FaultKind.Failed, words);
        }
        if (response.Content.Headers.ContentLength is { } announced)
        {
            if (announced > maxBytes)
                throw new ContentException($"{url}: {announced} bytes, expected at most {maxBytes}");
            limit.CancelAfter(BaseTimeout + (TimePerMegabyte * (announced / (double)(1 << 20))));
        }
        await using var stream = await response.Content.ReadAsStreamAsync(either.Token);
        return await ReadBoundedAsync(stream, url, maxBytes, response.Content.Headers.ContentLength, either.Token);
    }

    private static async Task<byte[]> ReadBoundedAsync(
        Stream stream,
        Uri url,
        int maxBytes,
        long? announced,
        CancellationToken cancellation
    )
    {
        using var body = new MemoryStream(checked((int)Math.Min(announced ?? 0, maxBytes)));
        var buffer = new byte[64 * 1024];
        while (true)
        {
            // one byte over the limit is enough to know
            var room = Math.Min(buffer.Length, checked(maxBytes - (int)body.Length + 1));
            var count = await stream.ReadAsync(buffer.AsMemory(0, room), cancellation);
            if (count == 0)
                break;
            body.Write(buffer, 0, count);
            if (body.Length > maxBytes)
                throw new ContentException($"{url}: longer than {maxBytes} bytes");
        }
        if (announced is { } length && body.Length != length)
            throw new HttpRequestException($"{body.Length} bytes of {length} came");
        return body.ToArray();
    }

    private static bool IsPassing(Exception fault, CancellationToken cancellation) =>
        fault is HttpRequestException or IOException or OperationCanceledException && !cancellation.IsCancellationRequested;

    private static string Reason(Exception fault) =>
        fault switch
        {
            OperationCanceledException => "no answer in time",
            HttpRequestException { InnerException: System.Net.Sockets.SocketException or AuthenticationException } => fault.InnerException.Message,
            _ => fault.Message,
        };
}
