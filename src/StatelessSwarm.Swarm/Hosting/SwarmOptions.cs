using System.Net;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Swarm.Encryption;
using StatelessSwarm.Swarm.Identities;
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

    /// <summary>
    /// Name of the site, empty for none. Peers that name the same one, and by their addresses may be in it (see the design, "Site"), are
    /// near though they are in another subnet. Trackers are told it too.
    /// </summary>
    public string Site { get; init; } = "";

    /// <summary>How long a connection attempt may take, handshake included; default 8 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How long a peer that connected may take for its handshake; default 10 s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections that have not shaken hands yet, at most; default 256. A storm of silent ones costs this many sockets.</summary>
    public int MaxSilentConnections { get; init; } = 256;

    /// <summary>Whether connections are hidden from those who look at packets (MSE); default plaintext from us, either from others.</summary>
    public StreamEncryption Encryption { get; init; }

    /// <summary>
    /// Small files that neighbours may ask for by HTTP on the port for peers, by path without the first '/'; null for a path that is not
    /// served. Called from any thread. Null (the default) serves none.
    /// </summary>
    public Func<string, byte[]?>? FileAt { get; init; }

    /// <summary>
    /// Our identity in closed swarms: peers of closed torrents, trackers, web seeds and neighbours that ask for small files have to be
    /// members of its authority, and are shown our certificate. Null (the default) takes part in open torrents only. Owned by the caller.
    /// </summary>
    public SwarmIdentity? Identity { get; init; }

    /// <summary>Most bytes per second sent and asked for; see <see cref="SwarmHost.Limits"/> to change them later.</summary>
    public TransferLimits Limits { get; init; } = TransferLimits.None;

    /// <summary>
    /// Transfers beyond the WAN link take what others leave of it: delay-based windows and DSCP lower effort (RFC 8622); default false.
    /// </summary>
    public bool IsBackground { get; init; }

    /// <summary>A budget for everything that is sent, shared with others in the process; owned by the caller. Null for none.</summary>
    public ByteBudget? SharedUpload { get; init; }
}
