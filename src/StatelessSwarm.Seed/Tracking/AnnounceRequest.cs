using System.Net;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Seed.Tracking;

/// <summary>A peer's announce, checked.</summary>
internal sealed record AnnounceRequest
{
    /// <summary>The swarm: v1 info hash or truncated v2 info hash.</summary>
    public required InfoHash InfoHash { get; init; }

    /// <summary>Who announces.</summary>
    public required PeerId PeerId { get; init; }

    /// <summary>Port it accepts peers on, 1-65535.</summary>
    public required int Port { get; init; }

    /// <summary>It has all of the content (<c>left=0</c>).</summary>
    public bool IsComplete { get; init; }

    /// <summary>Why it announces.</summary>
    public AnnounceEvent Event { get; init; }

    /// <summary>How many peers it wants, or null when it did not say.</summary>
    public int? PeersWanted { get; init; }

    /// <summary>Answer with 6 and 18 byte entries (BEP 23, 7); otherwise with a list of dictionaries (BEP 3).</summary>
    public bool IsCompact { get; init; } = true;

    /// <summary>Leave peer ids out of a list of dictionaries.</summary>
    public bool OmitPeerIds { get; init; }

    /// <summary>It wants members of its site named apart from the rest (it said <c>site</c>, perhaps with nothing behind it).</summary>
    public bool WantsMembers { get; init; }

    /// <summary>The site it says it is of; null for none.</summary>
    public SiteId? Site { get; init; }

    /// <summary>Its address inside its site, of private scope (RFC 1918, RFC 4193); null when it did not say a usable one.</summary>
    public IPAddress? Inside { get; init; }
}
