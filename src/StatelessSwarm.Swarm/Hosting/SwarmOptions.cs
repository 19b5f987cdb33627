using System.Net;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Swarm.Limits;

namespace StatelessSwarm.Swarm.Hosting;

/// <summary>What all torrents of a process share.</summary>
public sealed record SwarmOptions
{
    /// <summary>Addresses to accept peers on; default every address, v4 and v6.</summary>
    public IReadOnlyList<IPAddress> ListenAddresses { get; init; } = [IPAddress.IPv6Any];

    /// <summary>TCP port for peers; default 6881, 0 picks a free one.</summary>
    public int Port { get; init; } = 6881;

    /// <summary>Most connections over all torrents; default 512.</summary>
    public int MaxConnections { get; init; } = 512;

    /// <summary>Networks that count as the site's own beside those of the local interfaces.</summary>
    public IReadOnlyList<IPNetwork> SiteNetworks { get; init; } = [];

    /// <summary>Most bytes per second sent over all connections, 0 for no limit: <see cref="TransferLimits.Up"/>, where that is not set.</summary>
    public long UploadBytesPerSecond { get; init; }

    /// <summary>Most bytes per second sent and asked for; see <see cref="SwarmHost.Limits"/> to change them later.</summary>
    public TransferLimits Limits { get; init; } = TransferLimits.None;

    /// <summary>
    /// Transfers beyond the WAN link take what others leave of it: delay-based windows and DSCP lower effort (RFC 8622); default false.
    /// </summary>
    public bool IsBackground { get; init; }

    /// <summary>A budget for everything that is sent, shared with others in the process; owned by the caller. Null for none.</summary>
    public ByteBudget? SharedUpload { get; init; }
}
