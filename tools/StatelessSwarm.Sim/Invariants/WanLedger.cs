using StatelessSwarm.Content.Values;
using StatelessSwarm.Sim.Networks;
using StatelessSwarm.Sim.Swarms;

namespace StatelessSwarm.Sim.Invariants;

/// <summary>
/// Who of a site has asked for which block from beyond the WAN link. The rule: a block is asked for once. Whoever asks for one that another
/// member has asked for or received takes it over, and may do so only for one of the reasons of <see cref="TakeoverKind"/>; anything else is
/// a breach. Judged when the request is sent, by what the asking engine itself thinks of its neighbours.
/// </summary>
/// <param name="site">The site.</param>
/// <param name="blocksPerPiece">Blocks of a whole piece.</param>
/// <param name="blockCount">Blocks of the torrent.</param>
/// <param name="hasLeaves">Blocks have hashes. Without (v1-only), whoever has met wrong data takes whole pieces from one suspect, blocks it has
/// included.</param>
internal sealed class WanLedger(SimSite site, int blocksPerPiece, int blockCount, bool hasLeaves)
{
    /// <summary>A peer that has been asked this long ago and has not delivered may be replaced, in nanoseconds.</summary>
    public const long Patience = 3 * VirtualClock.Second;

    private readonly Entry[] _entries = new Entry[blockCount];

    /// <summary>Blocks taken over, by reason.</summary>
    public long[] Takeovers { get; } = new long[Enum.GetValues<TakeoverKind>().Length];

    /// <summary>Blocks that came in although they were here already.</summary>
    public long Duplicates { get; private set; }

    /// <summary>A member asks a far peer for a block.</summary>
    public void Requested(SimNode node, Pipe pipe, BlockRange block)
    {
        if (node.IsForeign)
            return;
        ref var entry = ref _entries[Place(block)];
        if (entry.Pipe is not null)
        {
            var kind = Judge(node, pipe, block, entry);
            if (kind is { } reason)
                Takeovers[(int)reason]++;
            else
                Report(node, pipe, block, entry);
        }
        entry = new Entry(pipe, site.Clock.Now, Status.Asked, entry.HasCome);
    }

    /// <summary>A request was taken back, or refused.</summary>
    public void Released(Pipe pipe, BlockRange block)
    {
        ref var entry = ref _entries[Place(block)];
        if (entry.Pipe == pipe && entry.Status == Status.Asked)
            entry.Status = Status.Released;
    }

    /// <summary>A block has come in.</summary>
    public void Arrived(Pipe pipe, BlockRange block, bool isWrong)
    {
        ref var entry = ref _entries[Place(block)];
        if (entry.HasCome)
            Duplicates++;
        entry.HasCome |= !isWrong;
        // What was taken back and comes all the same is not kept.
        if (entry.Pipe == pipe.Back && entry.Status == Status.Asked)
            entry.Status = Status.Arrived;
    }

    private TakeoverKind? Judge(SimNode node, Pipe pipe, BlockRange block, in Entry entry)
    {
        var asked = entry.Pipe!;
        var holder = asked.From;
        if (holder == node && asked.Life == node.Life)
            return JudgeAgain(node, pipe, block, entry);
        if (holder.WasOut(entry.At) || asked.Life != holder.Life)
            return IsHeldByAnother(node, holder, block) ? null : TakeoverKind.Died;
        if (node.WasOut(entry.At) || site.WereApart(node, holder, entry.At))
            return IsHeldByAnother(node, holder, block) ? null : TakeoverKind.Unconnected;
        if (holder.HasWrong(block.Piece) || node.HasWrong(block.Piece))
            return TakeoverKind.Wrong;
        if (node.PipeTo(holder) is not { } way)
            return IsHeldByAnother(node, holder, block) ? null : TakeoverKind.Unconnected;
        if (way.Back.ArrivingFrames > 0 || way.Back.AcceptedFrames > 0 || !way.Back.IsOpen)
            return TakeoverKind.Crossed;
        if (node.HasUnheard)
            return TakeoverKind.Crossed;
        if (!node.Engine.IsUsable(way.Handle) || node.Engine.IsWaitingLong(block.Piece))
            return IsHeldByAnother(node, holder, block) ? null : TakeoverKind.Slow;
        if (holder.Engine.HasPiece(block.Piece))
            return null;
        if (entry.Status == Status.Released || !asked.IsOpen)
            return IsHeldByAnother(node, holder, block) ? null : TakeoverKind.Released;
        if (!holder.Engine.IsClaiming(block.Piece))
            return IsHeldByAnother(node, holder, block) ? null : TakeoverKind.Released;
        if (node.Engine.IsClaimedBy(way.Handle, block.Piece) || IsHeldByAnother(node, holder, block))
            return null;
        // Its claim is void to the one that asks: not heard of for seconds, or both claim the piece and one of them is about to give way.
        return site.Clock.Now - entry.At >= Patience ? TakeoverKind.Slow : TakeoverKind.Crossed;
    }

    private TakeoverKind? JudgeAgain(SimNode node, Pipe pipe, BlockRange block, in Entry entry)
    {
        if (node.HasWrong(block.Piece) || (node.HasMetLiars && !hasLeaves))
            return TakeoverKind.Wrong;
        if (entry.Status == Status.Released || !entry.Pipe!.IsOpen)
            return TakeoverKind.Moved;
        if (entry.Status == Status.Arrived || entry.Pipe == pipe)
            return null;
        return site.Clock.Now - entry.At >= Patience || !node.Engine.IsUsable(entry.Pipe.Handle) ? TakeoverKind.Again : null;
    }

    /// <summary>A third member has the piece, and the one that asks knows and thinks well of it.</summary>
    private static bool IsHeldByAnother(SimNode node, SimNode holder, BlockRange block)
    {
        if (node.Engine.IsWaitingLong(block.Piece))
            return false;
        foreach (var other in node.Site.Nodes)
        {
            if (other == node || other == holder || other.WasOut(0) || !other.Engine.HasPiece(block.Piece) || node.PipeTo(other) is not { } way)
                continue;
            var hasHeard = way.Back.ArrivingFrames == 0 && way.Back.AcceptedFrames == 0 && way.Back.IsOpen && !node.HasUnheard;
            if (hasHeard && node.Engine.IsUsable(way.Handle))
                return true;
        }
        return false;
    }

    private void Report(SimNode node, Pipe pipe, BlockRange block, in Entry entry)
    {
        var holder = entry.Pipe!.From;
        var has = holder.Engine.HasPiece(block.Piece) ? "has the piece" : entry.Status == Status.Arrived ? "has it" : "is fetching it";
        var who = holder == node ? "the node itself" : $"node {holder.Name}";
        site.Break(
            node,
            $"asks for piece {block.Piece.Value} block {block.BlockIndex} of node {pipe.To.Name}, which {who} asked node {entry.Pipe.To.Name} for {(site.Clock.Now - entry.At) / 1e9:f3} s ago and {has}"
        );
    }

    private int Place(BlockRange block) => block.Piece.Value * blocksPerPiece + block.BlockIndex;

    private enum Status : byte
    {
        Asked,
        Released,
        Arrived,
    }

    private record struct Entry(Pipe? Pipe, long At, Status Status, bool HasCome);
}
