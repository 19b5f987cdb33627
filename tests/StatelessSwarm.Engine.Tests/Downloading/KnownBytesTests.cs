using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Downloading;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Downloading;

/// <summary>
/// Pieces of which a part was on this machine before (an older image's chunks): only the missing stretches are asked for, the piece is
/// hashed from disk once it is whole, and nobody is blamed for bytes that nobody sent. A piece has four blocks here.
/// </summary>
public sealed class KnownBytesTests
{
    private const int Block = BlockRange.BlockSize;
    private const int Piece = EngineHarness.PieceLength;

    // Block 0: bytes 100 and up are there; block 1 whole; block 2 up to its last 50 bytes; block 3 not at all.
    private static Dictionary<int, PieceGaps> Known => new() { [1] = new PieceGaps(Piece, [(100, 3 * Block - 150)]) };

    [Fact]
    public void Fill_PartlyKnownPiece_AsksForTheMissingStretches()
    {
        var harness = new EngineHarness(pieces: 2, verified: [0], known: Known);
        var peer = harness.Connect(1).HaveAll().Unchoke();
        Assert.Equal([(0, 100), (3 * Block - 50, 50), (3 * Block, Block)], Requests(peer));
        Assert.Equal(nameof(EngineCommandKind.WriteBlock), peer.FateOf(peer.SendBlock(1, 0, length: 100)));
        peer.SendBlock(1, 3 * Block - 50, length: 50);
        Assert.Equal(0, harness.Count(EngineCommandKind.HashPiece));
        peer.SendBlock(1, 3 * Block);
        Assert.False(harness.Engine.IsComplete);
        harness.Hashed(1);
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(150 + Block, harness.Engine.Status.ReceivedLanBytes);
        Assert.Equal(0, harness.Engine.Status.WastedBytes);
    }

    /// <summary>The disk was wrong: its block is fetched whole, the peer that sent the rest of it stays.</summary>
    [Fact]
    public void Hashed_WrongBytesFromDisk_CostTheirBlockAndNobodysPlace()
    {
        var harness = new EngineHarness(pieces: 2, verified: [0], known: Known);
        var peer = harness.Connect(1).HaveAll().Unchoke();
        var witness = harness.Connect(2).HaveAll();
        SendMissing(peer);
        harness.Hashed(1, block => block is 0 or 1);
        TellLeaves(harness, witness, peer);
        Assert.Equal([(0, Block), (Block, Block)], Requests(peer)[3..]);
        peer.SendBlock(1, 0);
        peer.SendBlock(1, Block);
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal((PeerFault.None, PeerFault.None), (peer.Fault, witness.Fault));
        Assert.Equal(1, harness.Count(EngineCommandKind.HashPiece));
    }

    /// <summary>A block that came whole is its sender's, whatever was here of the piece.</summary>
    [Fact]
    public void Hashed_WrongBlockFromAPeer_ConvictsIt()
    {
        var harness = new EngineHarness(pieces: 2, verified: [0], known: Known);
        var liar = harness.Connect(1).HaveAll().Unchoke();
        var witness = harness.Connect(2).HaveAll();
        SendMissing(liar);
        harness.Hashed(1, block => block == 3);
        TellLeaves(harness, witness, liar);
        Assert.Equal(PeerFault.WrongData, liar.Fault);
        witness.Unchoke();
        Assert.Equal([(3 * Block, Block)], Requests(witness));
        witness.SendBlock(1, 3 * Block);
        Assert.True(harness.Engine.IsComplete);
    }

    /// <summary>Nobody tells the right leaves: the whole piece is fetched, and then it shows its author as any other.</summary>
    [Fact]
    public void Hashed_WrongAndNobodyTellsTheLeaves_AllOfItIsFetchedAndJudgedAsUsual()
    {
        var harness = new EngineHarness(pieces: 2, verified: [0], known: Known);
        var peer = harness.Connect(1, isV2: false).HaveAll().Unchoke();
        SendMissing(peer);
        harness.Hashed(1, block => block == 1);
        Assert.Equal(PeerFault.None, peer.Fault);
        Assert.Equal([(0, Block), (Block, Block), (2 * Block, Block), (3 * Block, Block)], Requests(peer)[3..]);
        peer.SendPiece(1, block => block == 2);
        Assert.Equal(PeerFault.WrongData, peer.Fault);
    }

    [Fact]
    public void PieceHashed_Unreadable_AllOfItIsFetched()
    {
        var harness = new EngineHarness(pieces: 2, verified: [0], known: Known);
        var peer = harness.Connect(1).HaveAll().Unchoke();
        SendMissing(peer);
        harness.Engine.PieceHashed(new PieceIndex(1), []);
        harness.Drain();
        Assert.Equal(4, Requests(peer)[3..].Length);
        peer.SendPiece(1);
        Assert.True(harness.Engine.IsComplete);
    }

    /// <summary>The owner leaves half-way: the next one is asked for the rest, stretches as before.</summary>
    [Fact]
    public void Release_OwnerLeaves_TheNextIsAskedForTheRest()
    {
        var harness = new EngineHarness(pieces: 2, verified: [0], known: Known);
        var first = harness.Connect(1).HaveAll().Unchoke();
        first.SendBlock(1, 0, length: 100);
        first.Leave();
        var second = harness.Connect(2).HaveAll().Unchoke();
        Assert.Equal([(3 * Block - 50, 50), (3 * Block, Block)], Requests(second));
    }

    /// <summary>Who was asked and sent nothing leaves: the piece is as it was at the start.</summary>
    [Fact]
    public void Release_NothingCame_ThePieceStartsAnewWithWhatWasHere()
    {
        var harness = new EngineHarness(pieces: 2, verified: [0], known: Known);
        harness.Connect(1).HaveAll().Unchoke().Leave();
        var second = harness.Connect(2).HaveAll().Unchoke();
        Assert.Equal(3, Requests(second).Length);
        SendMissing(second);
        harness.Hashed(1);
        Assert.True(harness.Engine.IsComplete);
    }

    /// <summary>A wish for one stretch is not answered with another; who goes on doing so is dropped.</summary>
    [Fact]
    public void BlockReceived_OtherStretchesThanAskedFor_AreDroppedAndEndInAFault()
    {
        var harness = new EngineHarness(pieces: 2, verified: [0], known: Known);
        var peer = harness.Connect(1).HaveAll().Unchoke();
        Assert.Equal(nameof(EngineCommandKind.DropBlock), peer.FateOf(peer.SendBlock(1, 0, length: 99)));
        for (var count = 0; count < Downloader.MaxUnaskedBlocks && peer.Fault == PeerFault.None; count++)
            peer.SendBlock(1, 0, length: 99);
        Assert.Equal(PeerFault.Flood, peer.Fault);
    }

    [Theory]
    [InlineData(Block - 1, 2)]
    [InlineData(Piece, 1)]
    public void BlockReceived_StretchOverTheBorder_IsAFault(int begin, int length)
    {
        var harness = new EngineHarness(pieces: 2, verified: [0], known: Known);
        var peer = harness.Connect(1).HaveAll().Unchoke();
        harness.Engine.BlockReceived(peer.Handle, new BlockRange(new PieceIndex(1), begin, length), default, harness.NextToken());
        harness.Drain();
        Assert.Equal(PeerFault.BlockOutOfRange, peer.Fault);
    }

    [Fact]
    public void Start_V1Torrent_TakesNoParts() =>
        Assert.Throws<ArgumentException>(() => new EngineHarness(pieces: 2, isV1: true, known: Known));

    [Fact]
    public void Start_NothingMissing_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new EngineHarness(pieces: 2, known: new() { [1] = new PieceGaps(Piece, [(0, Piece)]) }));

    private static (int Begin, int Length)[] Requests(ScriptedPeer peer) =>
        [.. peer.HeardOf(PeerMessageKind.Request).Select(message => (message.Begin, message.Length))];

    private static void SendMissing(ScriptedPeer peer)
    {
        peer.SendBlock(1, 0, length: 100);
        peer.SendBlock(1, 3 * Block - 50, length: 50);
        peer.SendBlock(1, 3 * Block);
    }

    private static void TellLeaves(EngineHarness harness, params ScriptedPeer[] peers)
    {
        var asked = Array.Find(peers, peer => peer.HeardOf(PeerMessageKind.HashRequest).Any())!;
        Assert.True(HashRange.TryRead(asked.HeardOf(PeerMessageKind.HashRequest).Last().Payload.Span, out var range));
        var payload = new byte[HashRange.Size + range.Length * Sha256Digest.Size];
        range.Write(payload);
        var leaves = harness.Torrent.LeavesOf(new PieceIndex(1)).ToArray();
        for (var block = 0; block < leaves.Length; block++)
            leaves[block].CopyTo(payload.AsSpan(HashRange.Size + block * Sha256Digest.Size));
        asked.Say(PeerMessageKind.Hashes, payload: payload);
    }
}
