using System.Net;
using System.Net.Sockets;
using System.Text;
using StatelessSwarm.Swarm.Identities;

namespace StatelessSwarm.Swarm.Trackers;

/// <summary>
/// Announces to a tracker of any kind. Where we can be reached over IPv4 and IPv6 and the tracker has addresses of
/// both, it is told over both (BEP 7), because it takes our address from the packets; one answer is enough.
/// </summary>
internal sealed class TrackerClient : IDisposable
{
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private readonly HttpTrackerClient _http;
    private readonly UdpTrackerClient _udp;
    private readonly AddressFamily[] _families;

    /// <summary>Makes one.</summary>
    /// <param name="listenAddresses">Addresses we accept peers on; their families are the ones announced over.</param>
    /// <param name="resolve">Addresses of a name.</param>
    /// <param name="identity">Shown to trackers that ask for one; trackers of its authority are trusted. Null for none.</param>
    /// <param name="time">Clock.</param>
    public TrackerClient(
        IReadOnlyList<IPAddress> listenAddresses,
        Func<string, CancellationToken, Task<IPAddress[]>> resolve,
        SwarmIdentity? identity,
        TimeProvider time
    )
    {
        _resolve = resolve;
        _http = new HttpTrackerClient(resolve, identity);
        _udp = new UdpTrackerClient(time);
        var isV6 = listenAddresses.Any(address => address.AddressFamily == AddressFamily.InterNetworkV6);
        var isV4 = listenAddresses.Any(address =>
            address.AddressFamily == AddressFamily.InterNetwork || address.Equals(IPAddress.IPv6Any)
        );
        _families = (isV4, isV6) switch
        {
            (true, true) => [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6],
            (false, true) => [AddressFamily.InterNetworkV6],
            _ => [AddressFamily.InterNetwork],
        };
    }

    /// <summary>One announce.</summary>
    /// <exception cref="TrackerException">Not reached over any family, refused, or a reply that breaks the
    /// format.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<TrackerReply> AnnounceAsync(Uri tracker, AnnounceRequest request, CancellationToken cancellation)
    {
        var addresses = await ResolveAsync(tracker, cancellation);
        var announces = addresses.Select(address => AnnounceAsync(tracker, address, request, cancellation)).ToList();
        var replies = new List<TrackerReply>();
        TrackerException? failure = null;
        foreach (var announce in announces)
        {
            try
            {
                replies.Add(await announce);
            }
            catch (TrackerException fault)
            {
                failure ??= fault;
            }
        }
        return replies.Count > 0 ? TrackerReply.Merge(replies) : throw failure!;
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private Task<TrackerReply> AnnounceAsync(
        Uri tracker,
        IPAddress address,
        AnnounceRequest request,
        CancellationToken cancellation
    ) =>
        tracker.Scheme == TrackerUrl.UdpScheme
            ? _udp.AnnounceAsync(new IPEndPoint(address, tracker.Port), Encoding.ASCII.GetBytes(tracker.PathAndQuery), request, cancellation)
            : _http.AnnounceAsync(tracker, address.AddressFamily, request with { Inside = InsideAddress.Towards(address) }, cancellation);

    /// <summary>The tracker's first address of each family we announce over; when it has none of those, its first of
    /// any.</summary>
    private async Task<IReadOnlyList<IPAddress>> ResolveAsync(Uri tracker, CancellationToken cancellation)
    {
        IPAddress[] addresses;
        try
        {
            addresses = await _resolve(tracker.IdnHost, cancellation);
        }
        catch (SocketException fault)
        {
            throw new TrackerException(fault.Message, fault);
        }
        IPAddress[] chosen =
        [
            .. _families
                .Select(family => Array.Find(addresses, address => address.AddressFamily == family))
                .OfType<IPAddress>(),
        ];
        if (chosen.Length == 0 && addresses.Length > 0)
            chosen = [addresses[0]];
        return chosen.Length > 0 ? chosen : throw new TrackerException("its name has no address");
    }
}
