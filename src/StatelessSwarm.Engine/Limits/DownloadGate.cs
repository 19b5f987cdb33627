using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;

namespace StatelessSwarm.Engine.Limits;

/// <summary>One engine's way to the node's budget: says whether a peer may be asked for a block now, and when to look again.</summary>
internal sealed class DownloadGate(NodeBudget budget, EngineClock clock)
{
    /// <summary>Between looks, in milliseconds: a fast link's budget is then asked for in small bursts, not block by block.</summary>
    private const int ShortestWaitMs = 4;

    /// <summary>Seconds of the rate that a web seed is asked for in one go, so that few HTTP ranges carry them.</summary>
    private const double WebSeedBatch = 0.04;

    /// <summary>When something refused may be asked for; <see cref="long.MaxValue"/> when nothing was, or only an answer makes room.</summary>
    public long ReadyAt { get; private set; } = long.MaxValue;

    /// <inheritdoc cref="NodeBudget.IsNarrow"/>
    public bool IsNarrow => budget.IsNarrow;

    /// <inheritdoc cref="NodeBudget.IsDoubtful"/>
    public bool IsDoubtful => budget.IsDoubtful;

    /// <summary>The peer may be asked for a block now.</summary>
    public bool MayAsk(PeerState peer, int bytes)
    {
        if (budget.MayAsk(!peer.IsLan, bytes, peer.IsWebSeed ? WebSeedBatch : 0, clock.Now, out var retryAt))
            return true;
        ReadyAt = Math.Min(ReadyAt, retryAt);
        return false;
    }

    /// <summary>Takes what asking costs; false when it may not be asked.</summary>
    public bool TryAsk(PeerState peer, int bytes) => budget.TryAsk(!peer.IsLan, bytes, clock.Now);

    /// <summary>The peer refused.</summary>
    public void Refused(PeerState peer, int bytes) => budget.Return(!peer.IsLan, bytes);

    /// <summary>Everything is looked at anew.</summary>
    public void Reset() => ReadyAt = long.MaxValue;

    /// <summary>When to look again, not before the next few milliseconds.</summary>
    public long WakeAt => ReadyAt == long.MaxValue ? long.MaxValue : Math.Max(ReadyAt, clock.Now + clock.Milliseconds(ShortestWaitMs));
}
