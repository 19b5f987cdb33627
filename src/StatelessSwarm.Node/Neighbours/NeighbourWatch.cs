using System.Net;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Discovery;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Node.Neighbours;

/// <summary>
/// Tells neighbours of this node and the swarm of its neighbours, by multicast DNS. What is heard are hints: the swarm drops an
/// address that does not answer. A link without multicast is no fault.
/// </summary>
internal sealed class NeighbourWatch : IAsyncDisposable
{
    /// <summary>Service type of nodes and seeds.</summary>
    public const string ServiceType = "_stateless._tcp";

    private const int MaxInstance = 63;

    private readonly MulticastDns _dns;
    private readonly SwarmHost _swarm;
    private readonly string _nodeId;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, IReadOnlyList<IPEndPoint>> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly Task _announcing;
    private readonly Task _browsing;
    private volatile IReadOnlyList<IPEndPoint> _endPoints = [];
    private int _count;

    private NeighbourWatch(MulticastDns dns, SwarmHost swarm, string nodeId, string site, bool isClosed, ILogger logger)
    {
        _dns = dns;
        _swarm = swarm;
        _nodeId = nodeId;
        _logger = logger;
        _announcing = AnnounceAsync(site, isClosed);
        _browsing = BrowseAsync();
    }

    /// <summary>Neighbours known now.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Where the neighbours known now take peers; the seed may be among them.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints => _endPoints;

    /// <summary>Starts, or returns null with a line in the log when multicast DNS cannot run here.</summary>
    public static async Task<NeighbourWatch?> TryStartAsync(
        SwarmHost swarm,
        string nodeId,
        string site,
        bool isClosed,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellation
    )
    {
        try
        {
            var dns = await MulticastDns.StartAsync(new MulticastDnsOptions(), time, logger, cancellation);
            return new NeighbourWatch(dns, swarm, nodeId, site, isClosed, logger);
        }
        catch (Exception fault) when (fault is IOException or System.Net.Sockets.SocketException)
        {
            NodeLog.NoMulticast(logger, fault.Message);
            return null;
        }
    }

    /// <summary>Says goodbye and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_announcing, _browsing);
        await _dns.DisposeAsync();
        _stop.Dispose();
    }

    private async Task AnnounceAsync(string site, bool isClosed)
    {
        var host = Environment.MachineName;
        var label = $"{(host.Length > MaxInstance - 9 ? host[..(MaxInstance - 9)] : host)}-{_nodeId[..8]}";
        var text = new Dictionary<string, string>(StringComparer.Ordinal) { ["id"] = _nodeId, ["v"] = "1" };
        // multicast is heard by strangers: a closed swarm tells them that somebody is here, and no names
        if (isClosed)
            label = _nodeId[..16];
        else
            text["site"] = site;
        try
        {
            await _dns.RegisterAsync(new ServiceProfile(label, ServiceType, _swarm.Port, text), _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // stopped while probing
        }
        catch (Exception fault) when (fault is IOException or System.Net.Sockets.SocketException or ArgumentException)
        {
            NodeLog.NoMulticast(_logger, fault.Message);
        }
    }

    private async Task BrowseAsync()
    {
        try
        {
            await foreach (var change in _dns.BrowseAsync(ServiceType, _stop.Token))
                Take(change);
        }
        catch (OperationCanceledException)
        {
            // stopped
        }
        catch (Exception fault) when (fault is IOException or System.Net.Sockets.SocketException)
        {
            NodeLog.NoMulticast(_logger, fault.Message);
        }
    }

    private void Take(ServiceEvent change)
    {
        var instance = change.Instance;
        if (instance.Text.TryGetValue("id", out var id) && id == _nodeId)
            return;
        if (_known.Remove(instance.Instance, out var before))
        {
            foreach (var endPoint in before)
                _swarm.NeighbourLost(endPoint);
        }
        if (change.Kind != ServiceEventKind.Lost && instance.Port is > 0 and <= ushort.MaxValue)
        {
            IPEndPoint[] endPoints = [.. instance.Addresses.Select(address => new IPEndPoint(address, instance.Port))];
            _known[instance.Instance] = endPoints;
            foreach (var endPoint in endPoints)
                _swarm.NeighbourFound(endPoint);
        }
        // one address of each: a neighbour is asked once
        _endPoints = [.. _known.Values.Where(addresses => addresses.Count > 0).Select(addresses => addresses[0])];
        Volatile.Write(ref _count, _known.Count);
        NodeLog.Neighbour(_logger, change.Kind, instance.Instance);
    }
}
