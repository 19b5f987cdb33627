using System.Globalization;
using System.Net;
using System.Text;
using StatelessSwarm.Content;

namespace StatelessSwarm.Swarm.Trackers;

/// <summary>
/// Announces to HTTP trackers (BEP 3; compact replies of BEP 23 and, for IPv6, BEP 7). A reply is bounded in size and time and
/// read as hostile input.
/// </summary>
internal sealed class HttpTrackerClient : IDisposable
{
    /// <summary>Longest reply read: 64 KiB (200 peers are 6 KB).</summary>
    public const int MaxReplyBytes = 64 * 1024;

    /// <summary>Peers asked for.</summary>
    private const int WantedPeers = 80;

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(15);

    private readonly HttpClient _client = new(
        new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
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

    /// <summary>One announce.</summary>
    /// <exception cref="TrackerException">Not reached, refused, or a reply that breaks the format.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<TrackerReply> AnnounceAsync(Uri tracker, AnnounceRequest request, CancellationToken cancellation)
    {
        try
        {
            using var response = await _client.GetAsync(AnnounceUri(tracker, request), cancellation);
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
    public void Dispose() => _client.Dispose();

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
            $"&port={request.Port}&uploaded={request.Uploaded}&downloaded={request.Downloaded}&left={request.Left}&compact=1&numwant={WantedPeers}"
        );
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

    private static void AppendEscaped(StringBuilder target, ReadOnlySpan<byte> bytes)
    {
        foreach (var item in bytes)
            target.Append('%').Append(item.ToString("x2", CultureInfo.InvariantCulture));
    }
}
