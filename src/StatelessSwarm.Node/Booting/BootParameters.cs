using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Roots.Booting;

namespace StatelessSwarm.Node.Booting;

/// <summary>What the kernel's command line says of the boot. Every member's parameter is in <see cref="BootParameterReader"/>.</summary>
public sealed record BootParameters
{
    /// <summary>What to boot; null: what the configuration file in the initramfs follows.</summary>
    public FollowedChannel? Follow { get; init; }

    /// <summary>Seeds, in order; empty: the configuration file's, then the one that DHCP names.</summary>
    public IReadOnlyList<Uri> Seeds { get; init; } = [];

    /// <summary>Peers to connect to in any case.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    /// <summary>Name of the site; null: the configuration file's.</summary>
    public string? Site { get; init; }

    /// <summary>Where releases are kept.</summary>
    public BootMode Mode { get; init; } = BootMode.Automatic;

    /// <summary>The cache device: <c>LABEL=</c>, <c>UUID=</c>, a device, or <c>none</c>.</summary>
    public string Cache { get; init; } = "LABEL=STATELESS-CACHE";

    /// <summary>A medium with a repository, from which the release comes: <c>LABEL=</c>, <c>UUID=</c> or a device; null for none.</summary>
    public string? Medium { get; init; }

    /// <summary>When to look for a newer release.</summary>
    public BootUpdate Update { get; init; } = BootUpdate.Before;

    /// <summary>Longest delay of a boot that could go on with what is here; default 20 s.</summary>
    public TimeSpan UpdateBudget { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The image's own <c>/usr</c> covers the root's, read-only to everybody.</summary>
    public bool IsUsrReadOnly { get; init; } = true;

    /// <summary>Limits of the tmpfs that takes the writes.</summary>
    public string TmpfsLimits { get; init; } = "size=25%,nr_inodes=1m";

    /// <summary>Memory that must stay free when an image is kept in memory.</summary>
    public long MinimumMemory { get; init; } = 256L << 20;

    /// <summary>Use of dm-verity.</summary>
    public VerityUse Verity { get; init; } = VerityUse.WherePossible;

    /// <summary>Boots that a new release gets.</summary>
    public int Tries { get; init; } = 3;

    /// <summary>What to do when nothing can be booted.</summary>
    public BootFailure OnFailure { get; init; } = BootFailure.Retry;

    /// <summary>Pause before a restart for that reason; default 5 min.</summary>
    public TimeSpan FailureDelay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest wait for a carrier when a good release is here; default 5 s.</summary>
    public TimeSpan LinkTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait for an address when a good release is here; default 8 s.</summary>
    public TimeSpan AddressTimeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Longest wait for the cache device; default 10 s.</summary>
    public TimeSpan CacheTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A download without progress for so long begins again; default 30 s.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A release on trial that is not blessed for so long restarts the machine; default 10 min; zero: never.</summary>
    public TimeSpan BlessTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The hardware watchdog's time; zero (the default): it is left alone.</summary>
    public TimeSpan Watchdog { get; init; }

    /// <summary>The agent goes on serving neighbours after the hand-over.</summary>
    public bool GoesOnServing { get; init; } = true;

    /// <summary>Bad releases are booted as if they were new, this time.</summary>
    public bool IgnoresBad { get; init; }

    /// <summary>A release that brings another kernel is booted with that one (kexec).</summary>
    public bool StartsKernels { get; init; } = true;

    /// <summary>This kernel was started for a release, whose try is taken: the release, and why it boots. Null: by firmware or a loader.</summary>
    public (Sha256Digest Release, string Reason)? StartedFor { get; init; }

    /// <summary>The release whose entry the boot loader chose; null: it has no entries of ours. The loader has counted, so its choice comes first.</summary>
    public Sha256Digest? LoaderChoice { get; init; }

    /// <summary>First program of the root.</summary>
    public string Init { get; init; } = "/sbin/init";

    /// <summary>Debug lines on the console.</summary>
    public bool IsVerbose { get; init; }

    /// <summary>A fixed address of the machine, or null for DHCP.</summary>
    public StaticAddress? Address { get; init; }

    /// <summary>MAC address of the interface the machine was booted from, or null.</summary>
    public string? BootInterface { get; init; }

    /// <summary>The release wanted, when it is one for ever.</summary>
    public Sha256Digest? PinnedRelease => Follow?.Release;
}
