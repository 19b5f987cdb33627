using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Limits;

namespace StatelessSwarm.Node.Status;

/// <summary>Where a node stands.</summary>
public sealed record NodeStatus
{
    /// <summary>A daemon answered; false when the state directory was read without one.</summary>
    public bool IsDaemon { get; init; }

    /// <summary>Process id of the daemon, 0 without one.</summary>
    public int ProcessId { get; init; }

    /// <summary>Product followed; empty when not known.</summary>
    public string Product { get; init; } = "";

    /// <summary>Channel followed; empty when not known.</summary>
    public string Channel { get; init; } = "";

    /// <summary>Server; empty when not known.</summary>
    public string Server { get; init; } = "";

    /// <summary>Site; may be empty.</summary>
    public string Site { get; init; } = "";

    /// <summary>Id of the node, 32 hexadecimal digits; empty before its first start.</summary>
    public string NodeId { get; init; } = "";

    /// <summary>TCP port for peers, 0 without a daemon.</summary>
    public int Port { get; init; }

    /// <summary>What it is doing.</summary>
    public UpdatePhase Phase { get; init; }

    /// <summary>Release it runs.</summary>
    public SlotRelease? Current { get; init; }

    /// <summary>Release that waits to be activated.</summary>
    public SlotRelease? Next { get; init; }

    /// <summary>Release before the current one.</summary>
    public SlotRelease? Previous { get; init; }

    /// <summary>Release that was rolled back and is not taken again by itself.</summary>
    public SlotRelease? Held { get; init; }

    /// <summary>Release under way, or null.</summary>
    public TransferProgress? Progress { get; init; }

    /// <summary>Why the last try failed, or null after one that worked.</summary>
    public Fault? LastFault { get; init; }

    /// <summary>Directory of the mounted current root, or null.</summary>
    public string? MountedRoot { get; init; }

    /// <summary>Read-only image of the mounted current root, or null.</summary>
    public string? MountedImage { get; init; }

    /// <summary>Why nothing is mounted, or null.</summary>
    public string? MountNote { get; init; }

    /// <summary>Releases served to others.</summary>
    public int Sharing { get; init; }

    /// <summary>Neighbours known.</summary>
    public int Neighbours { get; init; }

    /// <summary>Payload sent to neighbours since the start.</summary>
    public long SentLanBytes { get; init; }

    /// <summary>Payload sent beyond the WAN link since the start.</summary>
    public long SentWanBytes { get; init; }

    /// <summary>Resident memory of the daemon, bytes.</summary>
    public long ResidentBytes { get; init; }

    /// <summary>Most resident memory of the daemon so far, bytes.</summary>
    public long PeakResidentBytes { get; init; }

    /// <summary>Limits; null without a daemon.</summary>
    public LimitStatus? Limits { get; init; }

    /// <summary>What past updates took, the newest last; at most 32.</summary>
    public IReadOnlyList<UpdateRecord> Updates { get; init; } = [];
}
