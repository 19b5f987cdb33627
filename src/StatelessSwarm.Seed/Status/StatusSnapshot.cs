using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Seed.Releases;
using StatelessSwarm.Seed.Tracking;

namespace StatelessSwarm.Seed.Status;

/// <summary>What the server shows of itself, taken at one moment.</summary>
/// <param name="IsReady">The releases that were there at start are served.</param>
/// <param name="Uptime">Since the server started.</param>
/// <param name="Releases">Releases served.</param>
/// <param name="Swarms">Their swarms.</param>
/// <param name="TrackedPeers">Peers the tracker remembers.</param>
/// <param name="Channels">Where the channels point; empty when not asked for.</param>
/// <param name="ChannelFault">Why the channels cannot be shown, or null.</param>
internal sealed record StatusSnapshot(
    bool IsReady,
    TimeSpan Uptime,
    IReadOnlyList<ServedRelease> Releases,
    IReadOnlyList<SwarmCounts> Swarms,
    int TrackedPeers,
    IReadOnlyList<ChannelPointer> Channels,
    string? ChannelFault
);
