using StatelessSwarm.Content.Values;
using StatelessSwarm.Seed.Releases;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Swarm.Limits;

namespace StatelessSwarm.Seed.Hosting;

/// <summary>What a server is composed of beside itself.</summary>
/// <param name="Source">The repository's releases.</param>
/// <param name="Peer">The first peer of every release; owned by the server.</param>
internal sealed record SeedParts(IReleaseSource Source, IReleasePeer Peer)
{
    /// <summary>What peers and HTTP may send together; null for no limit. Owned by the server.</summary>
    public ByteBudget? Origin { get; init; }

    /// <summary>The server's identity; null for one that serves everybody. Owned by the server.</summary>
    public SwarmIdentity? Identity { get; init; }

    /// <summary>Keys that are out of closed swarms, as the repository says now.</summary>
    public Func<IReadOnlySet<Sha256Digest>>? RevokedKeys { get; init; }
}
