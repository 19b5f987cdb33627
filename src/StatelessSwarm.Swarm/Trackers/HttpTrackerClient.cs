using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using StatelessSwarm.Content;
using StatelessSwarm.Swarm.Identities;

namespace StatelessSwarm.Swarm.Trackers;

/// <summary>
/// Announces to HTTP trackers (BEP 3; compact replies of BEP 23 and, for IPv6, BEP 7), each announce over the address
/// family it is told. A reply is bounded in size and time and read as hostile input.
/// </summary>
internal sealed class HttpTrackerClient : IDisposable
{
    /// <summary>Longest reply read: 64 KiB (200 peers are 6 KB).</summary>
    public const int MaxReplyBytes = 64 * 1024;

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(15);

    // One each, because an open connection is used again whatever it was opened for.
    private readonly HttpClient _overV4;
    private readonly HttpClient _overV6;

    /// <summary>Makes one.</summary>
    /// <param name="resolve">Addresses of a name.</param>
    /// <param name="identity">Shown to trackers that ask for one, or null.</param>
    public HttpTrackerClient(Func<string, CancellationToken, Task<IPAddress[]>> resolve, SwarmIdentity? identity)
    {
        _overV4 = CreateClient(AddressFamily.InterNetwork, resolve, identity);
        _overV6 = CreateClient(AddressFamily.InterNetworkV6, resolve, identity);
    }

    /// <summary>One announce.</summary>
    /// <exception cref="TrackerException">Not reached, refused, or a reply that breaks the format.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<TrackerReply> AnnounceAsync(
        Uri tracker,
        AddressFamily family,
        AnnounceRequest request,
        CancellationToken cancellation
    )
    {
        var client = family == AddressFamily.InterNetwork ? _overV4 : _overV6;
        try
        {
            using var response = await client.GetAsync(AnnounceUri(tracker, request), cancellation);
            var body = await response.Content.ReadAsByteArrayAsync(cancellation);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new TrackerException($"answered {(int)response.StatusCode} to the announce");
            return TrackerReplyReader.Read(body);
        }
        catch (HttpRequestException fault)
        {
            throw new TrackerException(fault.Message, fault);
        }
        catch (ContentException fault)
        {
            throw new TrackerException($"broken reply: {fault.Message}", fault);
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw new TrackerException($"no answer within {RequestTimeout.TotalSeconds} s", fault);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _overV4.Dispose();
        _overV6.Dispose();
    }

    internal static Uri AnnounceUri(Uri tracker, AnnounceRequest request)
    {
        Span<byte> peerId = stackalloc byte[20];
        request.PeerId.CopyTo(peerId);
        var query = new StringBuilder(tracker.AbsoluteUri, 512);
        query.Append(tracker.Query.Length > 0 ? '&' : '?').Append("info_hash=");
        AppendEscaped(query, request.InfoHash.AsSpan());
        query.Append("&peer_id=");
        AppendEscaped(query, peerId);
        query.Append(
            CultureInfo.InvariantCulture,
            $"&port={request.Port}&uploaded={request.Uploaded}&downloaded={request.Downloaded}&left={request.Left}&compact=1&numwant={AnnounceRequest.WantedPeers}&key={request.Key:x8}"
        );
        // Said also without a name, because it asks for members apart from the rest (see TrackerReplyReader).
        query.Append("&site=").Append(request.Site?.ToString());
        if (request.Inside is { } inside)
            query.Append("&inside=").Append(Uri.EscapeDataString(inside.ToString()));
        var name = request.Event switch
        {
            AnnounceEvent.Started => "started",
            AnnounceEvent.Completed => "completed",
            AnnounceEvent.Stopped => "stopped",
            _ => null,
        };
        if (name is not null)
            query.Append("&event=").Append(name);
        return new Uri(query.ToString(), UriKind.Absolute);
    }

    private static HttpClient CreateClient(
        AddressFamily family,
        Func<string, CancellationToken, Task<IPAddress[]>> resolve,
        SwarmIdentity? identity
    ) =>
        new(
            new SocketsHttpHandler
            {
                SslOptions = identity?.ServerOptions() ?? new(),
                ConnectTimeout = TimeSpan.FromSeconds(5),
                ConnectCallback = async (context, cancellation) =>
                {
                    var addresses = await resolve(context.DnsEndPoint.Host, cancellation);
                    IPAddress[] ofFamily = [.. addresses.Where(address => address.AddressFamily == family)];
                    return await ConnectAsync(ofFamily, context.DnsEndPoint.Port, family, cancellation);
                },
                MaxResponseHeadersLength = 16,
                AllowAutoRedirect = true,
                MaxAutomaticRedirections = 3,
                UseProxy = false,
            }
        )
        {
            MaxResponseContentBufferSize = MaxReplyBytes,
            Timeout = RequestTimeout,
        };

    private static async Task<Stream> ConnectAsync(
        IPAddress[] addresses,
        int port,
        AddressFamily family,
        CancellationToken cancellation
    )
    {
        if (addresses.Length == 0)
            throw new SocketException((int)SocketError.HostNotFound);
        var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void AppendEscaped(StringBuilder target, ReadOnlySpan<byte> bytes)
    {
        foreach (var item in bytes)
            target.Append('%').Append(item.ToString("x2", CultureInfo.InvariantCulture));
    }
}
