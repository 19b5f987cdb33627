using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Seed.Tracking;

/// <summary>How a swarm stands.</summary>
/// <param name="Release">Digest of the release.</param>
/// <param name="InfoHash">The name asked for, or the truncated v2 info hash.</param>
/// <param name="Complete">Complete peers, the seed's own included.</param>
/// <param name="Incomplete">Other peers.</param>
/// <param name="Downloaded">Downloads that peers reported as completed.</param>
internal sealed record SwarmCounts(
    Sha256Digest Release,
    InfoHash InfoHash,
    int Complete,
    int Incomplete,
    long Downloaded
);
