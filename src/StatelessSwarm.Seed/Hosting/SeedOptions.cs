using System.Net;
using StatelessSwarm.Seed.Access;
using StatelessSwarm.Seed.Tracking;

namespace StatelessSwarm.Seed.Hosting;

/// <summary>What the server is told.</summary>
internal sealed record SeedOptions
{
    /// <summary>The repository's directory.</summary>
    public required string RepositoryDirectory { get; init; }

    /// <summary>Addresses for HTTP and for peers; empty for every address, v4 and v6.</summary>
    public IReadOnlyList<IPAddress> ListenAddresses { get; init; } = [];

    /// <summary>HTTP port; default 8080, 0 picks a free one.</summary>
    public int HttpPort { get; init; } = 8080;

    /// <summary>TCP port for peers; default 6881, 0 picks a free one.</summary>
    public int PeerPort { get; init; } = 6881;

    /// <summary>Announce the server by mDNS.</summary>
    public bool UseMulticastDns { get; init; } = true;

    /// <summary>Most bytes per second sent to peers, 0 for no limit. HTTP is not held back by it: it is the machines' last resort.</summary>
    public long UploadBytesPerSecond { get; init; }

    /// <summary>
    /// Most bytes per second sent to peers and over HTTP together, 0 for no limit: the origin's budget. Every connection gets the same
    /// part of it. Metadata and trackers' answers count, but never wait.
    /// </summary>
    public long OriginBytesPerSecond { get; init; }

    /// <summary>Hash every file before it is seeded.</summary>
    public bool Verify { get; init; }

    /// <summary>Directory of files for machines that boot from the network; null serves none.</summary>
    public string? NetbootDirectory { get; init; }

    /// <summary>Kernel command line of machines that boot from the network.</summary>
    public string NetbootCommandLine { get; init; } = "root=stateless";

    /// <summary>Answer DHCP clients that ask for a boot file, and TFTP; needs the ports 67, 69 and 4011.</summary>
    public bool AnswersDhcp { get; init; }

    /// <summary>
    /// Directory of the server's identity: HTTP is served over TLS, and to members of its authority alone; peers of closed releases have to be
    /// members too. Null serves everybody.
    /// </summary>
    public string? IdentityDirectory { get; init; }

    /// <summary>Directory of the authority, to make machines members that have a token; wants <see cref="IdentityDirectory"/>. Null enrols nobody.</summary>
    public string? AuthorityDirectory { get; init; }

    /// <summary>File for the audit log; null leaves it to the log.</summary>
    public string? AuditPath { get; init; }

    /// <summary>HTTP port of <c>/netboot/</c> when the server is closed: firmware has no certificate. Default 8081, 0 picks a free one.</summary>
    public int NetbootPort { get; init; } = 8081;

    /// <summary>What one client may take.</summary>
    public ClientLimits Clients { get; init; } = new();

    /// <summary>Limits and pace of the tracker.</summary>
    public TrackerOptions Tracker { get; init; } = new();

    /// <summary>Most HTTP connections at once; default 2048.</summary>
    public int MaxHttpConnections { get; init; } = 2048;

    /// <summary>How long a client may take to send its request's head; default 10 s.</summary>
    public TimeSpan RequestHeadTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long open transfers may go on after a stop was asked for; default 3 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(3);
}
