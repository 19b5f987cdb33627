using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Discovery.Links;

namespace StatelessSwarm.Discovery.LocalDiscovery;

/// <summary>
/// Local service discovery (BEP 14) on the links of this machine: announces swarms and reports peers that announce the
/// same ones. Safe for use from many threads. Private torrents (BEP 27) must not be announced; what is not announced
/// is not reported either.
/// </summary>
public sealed class LocalServiceDiscovery : IAsyncDisposable
{
    /// <summary>Peers found that nobody has read yet; the oldest are dropped, and told of again a minute later.</summary>
    private const int MaxUnread = 1024;

    // BEP 14 routes nowhere: a time to live of one.
    private static readonly MulticastGroup Group = new(
        "LSD",
        IPAddress.Parse(LocalMessage.GroupV4),
        IPAddress.Parse(LocalMessage.GroupV6),
        LocalMessage.GroupPort,
        HopLimit: 1,
        LocalMessage.MaxLength
    );

    private readonly LocalProtocol _protocol;
    private readonly LinkLoop _loop;
    private readonly Channel<LocalPeer> _found = Channel.CreateBounded<LocalPeer>(
        new BoundedChannelOptions(MaxUnread) { FullMode = BoundedChannelFullMode.DropOldest }
    );

    private LocalServiceDiscovery(LocalServiceDiscoveryOptions options, TimeProvider time, ILogger logger)
    {
#pragma warning disable CA5394 // delays and a cookie that everybody hears
        _protocol = new LocalProtocol(new Random(RandomNumberGenerator.GetInt32(int.MaxValue)));
#pragma warning restore CA5394
        _loop = new LinkLoop(_protocol, FilterOf(options), Group, time, logger, PassOn);
    }

    /// <summary>Joins the groups. A machine with no usable interface is no fault: interfaces may come later.</summary>
    public static async Task<LocalServiceDiscovery> StartAsync(
        LocalServiceDiscoveryOptions options,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellation
    )
    {
        var started = new LocalServiceDiscovery(options, time, logger);
        started._loop.Start();
        try
        {
            await started._loop.CallAsync(() => true, cancellation);
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }

        return started;
    }

    /// <summary>Announces a swarm until withdrawn.</summary>
    /// <param name="swarm">Its hash; a hybrid torrent has two.</param>
    /// <param name="port">TCP port where peers of the swarm are accepted.</param>
    /// <exception cref="InvalidOperationException">1,024 swarms are announced already.</exception>
    /// <exception cref="ObjectDisposedException">Stopped.</exception>
    public async Task AnnounceAsync(SwarmHash swarm, int port)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
        await _loop.CallAsync(
            () =>
            {
                _protocol.Announce(swarm, port, _loop.Now);
                return true;
            },
            CancellationToken.None
        );
    }

    /// <summary>Announces a swarm no more, and reports none of its peers.</summary>
    public ValueTask WithdrawAsync(SwarmHash swarm) => _loop.PostAsync(() => _protocol.Withdraw(swarm));

    /// <summary>Peers of the announced swarms as they are heard, each once a minute at most, until stopped or
    /// cancelled. For one reader.</summary>
    public IAsyncEnumerable<LocalPeer> ReadFoundAsync(CancellationToken cancellation) =>
        _found.Reader.ReadAllAsync(cancellation);

    /// <summary>Leaves the groups; BEP 14 knows no good-bye.</summary>
    public async ValueTask DisposeAsync()
    {
        await _loop.StopAsync(() => { });
        _found.Writer.TryComplete();
    }

    private static LinkFilter FilterOf(LocalServiceDiscoveryOptions options)
    {
        var addresses = options.ListenAddresses;
        var isAny = addresses.Contains(IPAddress.IPv6Any);
        var isAnyV4 = isAny || addresses.Contains(IPAddress.Any);
        return new LinkFilter(
            options.Interfaces,
            UseIPv4: options.UseIPv4 && (isAnyV4 || addresses.Any(own => own.AddressFamily == AddressFamily.InterNetwork)),
            UseIPv6: options.UseIPv6 && (isAny || addresses.Any(own => own.AddressFamily == AddressFamily.InterNetworkV6)),
            isAnyV4 ? [] : [.. addresses.Select(WithoutScope)]
        );
    }

    private static IPAddress WithoutScope(IPAddress address) => new(address.GetAddressBytes());

    private void PassOn()
    {
        while (_protocol.Found.TryDequeue(out var peer))
            _found.Writer.TryWrite(peer);
    }
}
