using System.Net;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;

namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// A piece that is being fetched. Normally one peer, the owner, is asked for all of it, so that a wrong hash has one author.
/// Blocks of a piece whose owner went are asked of its next owner; in the endgame a second peer may be asked as well.
/// </summary>
internal sealed class ActivePiece(int blocksPerPiece)
{
    private readonly BlockState[] _states = new BlockState[blocksPerPiece];
    private readonly PeerState?[] _askedFirst = new PeerState?[blocksPerPiece];
    private readonly PeerState?[] _askedSecond = new PeerState?[blocksPerPiece];
    private readonly PeerState?[] _givers = new PeerState?[blocksPerPiece];
    private readonly Sha256Digest[] _leaves = new Sha256Digest[blocksPerPiece];
    private Sha256Digest[]? _rightLeaves;
    private PieceGaps? _gaps;
    private bool _isHashed;

    /// <summary>Piece index.</summary>
    public int Piece { get; private set; }

    /// <summary>Place among the active pieces.</summary>
    public int Place { get; set; }

    /// <summary>Blocks of this piece.</summary>
    public int BlockCount { get; private set; }

    /// <summary>Blocks received.</summary>
    public int Received { get; private set; }

    /// <summary>Blocks that were here before; they count as received.</summary>
    public int FromDisk { get; private set; }

    /// <summary>A part of it was here before: nobody can be blamed for that.</summary>
    public bool HasDiskBytes => _gaps is not null;

    /// <summary>Its hashes are not known by what came, because a part of it was here before.</summary>
    public bool NeedsHashing => _gaps is not null && !_isHashed;

    /// <summary>A block of it came, or somebody is asked for one.</summary>
    public bool IsBegun => Missing < BlockCount - FromDisk;

    /// <summary>Less than half has come of what was not here before: given up now, little is fetched twice.</summary>
    public bool IsYoung => (Received - FromDisk) * 2 < BlockCount - FromDisk;

    /// <summary>Blocks nobody is asked for.</summary>
    public int Missing { get; private set; }

    /// <summary>The peer that is asked for what is missing; null when anyone may take over.</summary>
    public PeerState? Owner { get; set; }

    /// <summary>Fetched from a scarce source under a claim of ours.</summary>
    public bool IsClaimed { get; set; }

    /// <summary>A block was asked for since it was last claimed.</summary>
    public bool IsAskedUnderClaim { get; set; }

    /// <summary>The neighbour that first said that our claim comes second; null while none has.</summary>
    public IPAddress? DeniedBy { get; set; }

    /// <summary>Only one peer may contribute, because several have spoilt it together before.</summary>
    public bool IsSolo { get; set; }

    /// <summary>Whole, and its check by the shell is under way (v1-only torrents).</summary>
    public bool IsChecking { get; set; }

    /// <summary>Its right leaves are known: a wrong block shows when it comes.</summary>
    public bool IsProven => _rightLeaves is not null;

    /// <summary>Nothing is asked for before: a fresh claim has to reach the neighbours first.</summary>
    public long ReadyAt { get; set; }

    /// <summary>When a block was first asked for.</summary>
    public long StartedAt { get; set; }

    /// <summary>When a block last came, or the piece was started.</summary>
    public long ProgressAt { get; set; }

    /// <summary>All blocks are there.</summary>
    public bool IsWhole => Received == BlockCount;

    /// <summary>Hashes of the blocks, once all are there.</summary>
    public ReadOnlySpan<Sha256Digest> Leaves => _leaves.AsSpan(0, BlockCount);

    /// <summary>Starts over for a piece.</summary>
    /// <param name="piece">Its index.</param>
    /// <param name="blockCount">Its blocks.</param>
    /// <param name="gaps">What is missing of it, when a part was here before.</param>
    public void Reset(int piece, int blockCount, PieceGaps? gaps)
    {
        _gaps = gaps?.HasKnown() == true ? gaps : null;
        Piece = piece;
        BlockCount = blockCount;
        Owner = null;
        IsClaimed = false;
        IsAskedUnderClaim = false;
        DeniedBy = null;
        IsSolo = false;
        IsChecking = false;
        ReadyAt = 0;
        _rightLeaves = null;
        Forget();
    }

    /// <summary>Forgets every block that came.</summary>
    public void Forget()
    {
        _isHashed = false;
        Array.Clear(_states);
        Array.Clear(_askedFirst);
        Array.Clear(_askedSecond);
        Array.Clear(_givers);
        FromDisk = 0;
        for (var block = 0; _gaps is not null && block < BlockCount; block++)
        {
            if (!_gaps.IsKnown(block))
                continue;
            _states[block] = BlockState.Received;
            FromDisk++;
        }
        Received = FromDisk;
        Missing = BlockCount - FromDisk;
    }

    /// <summary>A part of the block was here before.</summary>
    public bool HasDiskBytesIn(int block) => _gaps is not null && _gaps.HasKnown(block);

    /// <summary>The hashes of all blocks, as they are on disk.</summary>
    public void Hashed(ReadOnlySpan<Sha256Digest> leaves)
    {
        leaves[..BlockCount].CopyTo(_leaves);
        _isHashed = true;
    }

    /// <summary>Where a block stands.</summary>
    public BlockState StateOf(int block) => _states[block];

    /// <summary>Who sent the block.</summary>
    public PeerState? GiverOf(int block) => _givers[block];

    /// <summary>What the block must hash to; the piece must be proven.</summary>
    public Sha256Digest RightLeaf(int block) => _rightLeaves![block];

    /// <summary>The right leaves are known.</summary>
    public void Prove(ReadOnlySpan<Sha256Digest> leaves) => _rightLeaves = leaves[..BlockCount].ToArray();

    /// <summary>A received block was wrong: it is missing again, all of it.</summary>
    public void Spoil(int block)
    {
        if (_gaps?.IsKnown(block) == true)
            FromDisk--;
        _gaps?.Drop(block);
        _states[block] = BlockState.Missing;
        _givers[block] = null;
        Received--;
        Missing++;
    }

    /// <summary>First peer asked for the block.</summary>
    public PeerState? AskedFirst(int block) => _askedFirst[block];

    /// <summary>Second peer asked for the block.</summary>
    public PeerState? AskedSecond(int block) => _askedSecond[block];

    /// <summary>First block nobody is asked for, or -1.</summary>
    public int NextMissing() => Missing == 0 ? -1 : Array.IndexOf(_states, BlockState.Missing, 0, BlockCount);

    /// <summary>A peer is asked for a block; at most two are.</summary>
    public void Ask(int block, PeerState peer)
    {
        IsAskedUnderClaim = true;
        if (_states[block] == BlockState.Missing)
        {
            _states[block] = BlockState.Requested;
            Missing--;
        }
        if (_askedFirst[block] is null)
            _askedFirst[block] = peer;
        else
            _askedSecond[block] = peer;
    }

    /// <summary>A peer is no longer asked for a block.</summary>
    public void Unask(int block, PeerState peer)
    {
        if (_askedFirst[block] == peer)
        {
            _askedFirst[block] = _askedSecond[block];
            _askedSecond[block] = null;
        }
        else if (_askedSecond[block] == peer)
        {
            _askedSecond[block] = null;
        }
        if (_states[block] == BlockState.Requested && _askedFirst[block] is null)
        {
            _states[block] = BlockState.Missing;
            Missing++;
        }
    }

    /// <summary>A block has come.</summary>
    public void Take(int block, PeerState giver, in Sha256Digest leaf, long now)
    {
        if (_states[block] == BlockState.Missing)
            Missing--;
        _states[block] = BlockState.Received;
        _askedFirst[block] = null;
        _askedSecond[block] = null;
        _givers[block] = giver;
        _leaves[block] = leaf;
        Received++;
        ProgressAt = now;
    }

    /// <summary>The only peer that sent blocks, or null when there are several, or a part was here before.</summary>
    public PeerState? OnlyGiver()
    {
        if (HasDiskBytes)
            return null;
        var giver = _givers[0];
        for (var block = 1; block < BlockCount; block++)
        {
            if (_givers[block] != giver)
                return null;
        }
        return giver;
    }
}
