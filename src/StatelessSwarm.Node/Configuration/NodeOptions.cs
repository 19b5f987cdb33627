using System.Net;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Node.Limits;

namespace StatelessSwarm.Node.Configuration;

/// <summary>How a node runs, checked. Made by <see cref="NodeSettings"/>.</summary>
public sealed record NodeOptions
{
    /// <summary>Base URL of the repository, ending in '/'.</summary>
    public required Uri Server { get; init; }

    /// <summary>What to follow.</summary>
    public required FollowedChannel Follow { get; init; }

    /// <summary>File with the root metadata this machine was built with.</summary>
    public required string TrustPath { get; init; }

    /// <summary>Absolute state directory.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>
    /// Absolute directory of this machine's identity (<see cref="StatelessSwarm.Swarm.Identities.SwarmIdentity"/>), or null: it takes part in open
    /// swarms only.
    /// </summary>
    public string? IdentityDirectory { get; init; }

    /// <summary>File with a token that makes the identity when <see cref="IdentityDirectory"/> holds none; null enrols nowhere.</summary>
    public string? EnrolmentTokenPath { get; init; }

    /// <summary>Absolute directory of the control socket.</summary>
    public required string RunDirectory { get; init; }

    /// <summary>Absolute directory of the mounts, or null to mount nothing.</summary>
    public string? MountDirectory { get; init; }

    /// <summary>TCP port for peers, 0 for a free one; default 6881.</summary>
    public int Port { get; init; } = 6881;

    /// <summary>Addresses to accept peers on; default every address.</summary>
    public IReadOnlyList<IPAddress> ListenAddresses { get; init; } = [IPAddress.IPv6Any];

    /// <summary>Name of the site, by which members in other subnets of it are known (docs/branch-office.md); may be empty.</summary>
    public string Site { get; init; } = "";

    /// <summary>Networks that count as the site's own beside those of the local interfaces.</summary>
    public IReadOnlyList<IPNetwork> SiteNetworks { get; init; } = [];

    /// <summary>Time between looks at the channel; default 1 minute, spread by a tenth.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A download that verifies no byte for so long is given up and begun again; default 5 minutes.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Announce ourselves to neighbours and look for them.</summary>
    public bool UseMulticastDns { get; init; } = true;

    /// <summary>Peers to connect to in any case, <c>HOST:PORT</c>.</summary>
    public IReadOnlyList<DnsEndPoint> Peers { get; init; } = [];

    /// <summary>Most bytes written above the image; default 256 MiB.</summary>
    public long UpperBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Most bytes per second sent to peers, 0 for no limit.</summary>
    public long UploadBytesPerSecond { get; init; }

    /// <summary>Most bytes per second near and far, of this node and of the site.</summary>
    public TransferLimits Limits { get; init; } = TransferLimits.None;

    /// <summary>Hours of the day in which other limits hold for the WAN link; the first that fits.</summary>
    public IReadOnlyList<WanHours> WanHours { get; init; } = [];

    /// <summary>Transfers beyond the WAN link give way to other traffic.</summary>
    public bool IsBackground { get; init; } = true;

    /// <summary>When a fetched release becomes current.</summary>
    public ActivationPolicy Activation { get; init; } = ActivationPolicy.Now;

    /// <summary>Another process on this machine may ask it to end and go on in its place: the agent of an initramfs does.</summary>
    public bool GivesWay { get; init; }

    /// <summary>Group that may use the control socket, or null.</summary>
    public string? ControlGroup { get; init; }

    /// <summary>Where the control socket is.</summary>
    public string ControlSocketPath => ControlSocketIn(RunDirectory);

    /// <summary>Where the control socket of a run directory is.</summary>
    public static string ControlSocketIn(string runDirectory) => Path.Combine(runDirectory, "control.sock");
}
