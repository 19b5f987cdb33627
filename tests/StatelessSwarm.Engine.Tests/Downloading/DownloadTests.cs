using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Downloading;

public sealed class DownloadTests
{
    [Fact]
    public void Download_OneSeed_AsksWholePiecesInOrderAndCompletesOnce()
    {
        var harness = new EngineHarness();
        var seed = harness.Connect(1).HaveAll();
        Assert.Single(seed.HeardOf(PeerMessageKind.Interested));
        Assert.Empty(seed.Asked);
        seed.Unchoke();
        var asked = seed.Asked;
        Assert.Equal(32, asked.Count);
        for (var index = 0; index < asked.Count; index++)
        {
            Assert.Equal(asked[index / 4 * 4].Piece, asked[index].Piece);
            Assert.Equal(index % 4 * BlockRange.BlockSize, asked[index].Begin);
        }
        seed.Serve();
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(8, harness.Count(EngineCommandKind.PieceVerified));
        Assert.Equal(1, harness.Count(EngineCommandKind.Completed));
        Assert.Equal(32, harness.Count(EngineCommandKind.WriteBlock));
        Assert.Single(seed.HeardOf(PeerMessageKind.NotInterested));
        Assert.Equal(harness.Torrent.Info.ContentBytes, harness.Engine.Status.ReceivedLanBytes);
        Assert.Equal(0, harness.Engine.Status.WastedBytes);
    }

    [Fact]
    public void Download_ShortLastPiece_AsksOnlyItsContent()
    {
        var torrent = new Testing.Torrents.SyntheticTorrent(EngineHarness.PieceLength + 20_000, EngineHarness.PieceLength);
        var harness = new EngineHarness(torrent: torrent);
        var seed = harness.Connect(1).HaveAll().Unchoke();
        var last = seed.HeardOf(PeerMessageKind.Request).Where(message => message.Piece == 1).ToList();
        Assert.Equal([(0, 16384), (16384, 3616)], last.Select(message => (message.Begin, message.Length)));
        seed.Serve();
        Assert.True(harness.Engine.IsComplete);
    }

    [Fact]
    public void Download_PieceFromAfarDone_HaveGoesToEveryoneWhoWantsItAtOnce()
    {
        var harness = new EngineHarness();
        var seed = harness.Connect(1, PeerReach.Wan).HaveAll();
        var near = harness.Connect(2).HaveAll();
        var far = harness.Connect(3, PeerReach.Wan);
        seed.Unchoke();
        var piece = seed.Asked[0].Piece;
        seed.SendPiece(piece);
        Assert.Equal(piece, near.HeardOf(PeerMessageKind.Have).Single().Piece);
        Assert.Equal(piece, far.HeardOf(PeerMessageKind.Have).Single().Piece);
        // Beyond the WAN link who has it needs no word of it.
        Assert.Empty(seed.HeardOf(PeerMessageKind.Have));
        Assert.True(harness.Engine.HasPiece(new PieceIndex(piece)));
    }

    [Fact]
    public void Download_PiecesFromANeighbourDone_HavesGoFarTogetherOnceASecond()
    {
        var harness = new EngineHarness(pieces: 4);
        var seed = harness.Connect(1).HaveAll();
        var near = harness.Connect(2);
        var far = harness.Connect(3, PeerReach.Wan).Have(3);
        harness.Pass(2);
        seed.Unchoke();
        for (var piece = 0; piece < 3; piece++)
            seed.SendPiece(piece);
        Assert.Equal(3, near.HeardOf(PeerMessageKind.Have).Count());
        Assert.Empty(far.HeardOf(PeerMessageKind.Have));
        harness.Pass(0.2);
        Assert.Equal([0, 1, 2], far.HeardOf(PeerMessageKind.Have).Select(message => message.Piece));
        // The last piece does not wait, and one it has is not told.
        seed.SendPiece(3);
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(3, far.HeardOf(PeerMessageKind.Have).Count());
    }

    [Fact]
    public void Download_LastPieceFromANeighbour_IsToldFarAtOnce()
    {
        var harness = new EngineHarness(pieces: 1);
        var seed = harness.Connect(1).HaveAll();
        var far = harness.Connect(3, PeerReach.Wan);
        seed.Unchoke();
        seed.SendPiece(0);
        Assert.Equal(0, far.HeardOf(PeerMessageKind.Have).Single().Piece);
    }

    /// <summary>
    /// The only neighbour with anything is complete and gives 20 KB/s: without more ado nobody far would ever be asked, and the node be slower than a plain
    /// download. A neighbour that gives more is left alone.
    /// </summary>
    [Theory]
    [InlineData(0.8, true)]
    [InlineData(0.1, false)]
    public void Download_NeighbourThatGivesNextToNothing_IsNoReasonNotToAskFar(double secondsPerBlock, bool asksFar)
    {
        var harness = new EngineHarness(pieces: 64);
        var near = harness.Connect(1).HaveAll().Unchoke();
        var far = harness.Connect(2, PeerReach.Wan).HaveAll().Unchoke();
        for (var given = 0; given * secondsPerBlock < 12; given++)
        {
            harness.Pass(secondsPerBlock);
            var (piece, begin) = near.Asked[given];
            near.SendBlock(piece, begin);
        }
        Assert.Equal(asksFar, far.Asked.Count > 0);
    }

    [Fact]
    public void Download_RarestFirst_AsksWhatFewestHave()
    {
        var harness = new EngineHarness(pieces: 64);
        for (byte id = 1; id <= 3; id++)
            harness.Connect(id).Have([.. Enumerable.Range(0, 64).Where(piece => piece != 40 + id)]);
        var last = harness.Connect(9).Have([.. Enumerable.Range(0, 64)]).Unchoke();
        Assert.Equal([41, 42, 43], last.Asked.Take(12).Select(request => request.Piece).Distinct().Order());
    }

    [Fact]
    public void Download_TwoPeers_NoBlockIsAskedTwice()
    {
        var harness = new EngineHarness(pieces: 64);
        var one = harness.Connect(1).HaveAll().Unchoke();
        var two = harness.Connect(2).HaveAll().Unchoke();
        for (var round = 0; round < 20; round++)
        {
            one.Serve(8);
            two.Serve(8);
        }
        Assert.Empty(one.Asked.Intersect(two.Asked));
        Assert.Equal(0, harness.Engine.Status.WastedBytes);
    }

    [Fact]
    public void Download_LateDuplicate_IsDroppedNeverWritten()
    {
        var harness = new EngineHarness();
        var seed = harness.Connect(1).HaveAll().Unchoke();
        var (piece, begin) = seed.Asked[0];
        Assert.Equal("WriteBlock", seed.FateOf(seed.SendBlock(piece, begin)));
        Assert.Equal("DropBlock", seed.FateOf(seed.SendBlock(piece, begin)));
        seed.SendPiece(piece);
        var written = harness.Count(EngineCommandKind.WriteBlock);
        Assert.Equal("DropBlock", seed.FateOf(seed.SendBlock(piece, begin)));
        Assert.Equal(written, harness.Count(EngineCommandKind.WriteBlock));
        Assert.Equal(3L * BlockRange.BlockSize, harness.Engine.Status.WastedBytes);
    }

    [Fact]
    public void Download_UnaskedBlocks_AreDroppedAndTooManyAreAFlood()
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1);
        for (var block = 0; block < 64; block++)
            Assert.Equal("DropBlock", peer.FateOf(peer.SendBlock(0, 0)));
        Assert.Equal(PeerFault.None, peer.Fault);
        Assert.Equal("DropBlock", peer.FateOf(peer.SendBlock(0, 0)));
        Assert.Equal(PeerFault.Flood, peer.Fault);
        Assert.Equal("DropBlock", peer.FateOf(peer.SendBlock(0, 0)));
    }

    [Theory]
    [InlineData(1, 16384)] // not aligned
    [InlineData(0, 16383)] // short
    [InlineData(0, 32768)] // two blocks
    [InlineData(65536, 16384)] // beyond the piece
    public void Download_BlockThatIsNone_IsDroppedAndEndsTheConnection(int begin, int length)
    {
        var harness = new EngineHarness();
        var seed = harness.Connect(1).HaveAll().Unchoke();
        var token = harness.NextToken();
        harness.Engine.BlockReceived(seed.Handle, new BlockRange(new PieceIndex(0), begin, length), default, token);
        harness.Drain();
        Assert.Equal("DropBlock", seed.FateOf(token));
        Assert.Equal(PeerFault.BlockOutOfRange, seed.Fault);
    }

    [Fact]
    public void Download_PieceOutOfRange_IsDroppedAndEndsTheConnection()
    {
        var harness = new EngineHarness();
        var seed = harness.Connect(1).HaveAll().Unchoke();
        harness.Engine.BlockReceived(seed.Handle, new BlockRange(new PieceIndex(8), 0, 16384), default, 5);
        harness.Drain();
        Assert.Equal("DropBlock", seed.FateOf(5));
        Assert.Equal(PeerFault.PieceIndexOutOfRange, seed.Fault);
    }

    [Fact]
    public void Download_ChokeWithFast_OthersTakeOverAndLateBlocksStillCount()
    {
        var harness = new EngineHarness(pieces: 1);
        var one = harness.Connect(1).HaveAll().Unchoke();
        var two = harness.Connect(2).HaveAll().Unchoke();
        Assert.Equal(4, one.Asked.Count);
        Assert.Empty(two.Asked);
        one.Say(PeerMessageKind.Choke);
        Assert.Equal(4, two.Asked.Count);
        Assert.Equal("WriteBlock", one.FateOf(one.SendBlock(0, 0)));
        Assert.Contains(two.HeardOf(PeerMessageKind.Cancel), message => message.Begin == 0);
        two.SendBlock(0, 16384);
        two.SendBlock(0, 32768);
        two.SendBlock(0, 49152);
        Assert.True(harness.Engine.IsComplete);
    }

    [Fact]
    public void Download_Reject_RestsThenAsksAgain()
    {
        var harness = new EngineHarness(pieces: 1);
        var seed = harness.Connect(1).HaveAll().Unchoke();
        seed.Say(PeerMessageKind.RejectRequest, 0, 0, 16384);
        Assert.Single(seed.HeardOf(PeerMessageKind.Request), message => message.Begin == 0);
        harness.Pass(1);
        Assert.Equal(2, seed.HeardOf(PeerMessageKind.Request).Count(message => message.Begin == 0));
        seed.SendPiece(0);
        Assert.True(harness.Engine.IsComplete);
    }

    /// <summary>
    /// Goal: no block is forgotten. Method: a peer refuses the first block of a piece; another takes the piece over, has asked for all that was
    /// missing and gone on to the next one when the first peer refuses (or dies owing) a second block.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Download_BlockComesBackWhenTheNewOwnerHasGoneOn_IsAskedForAtOnce(bool isRefused)
    {
        var harness = new EngineHarness(pieces: 64);
        var one = harness.Connect(1).Have(0).Unchoke();
        var two = harness.Connect(2).Say(PeerMessageKind.Bitfield, payload: [0x7F, 255, 255, 255, 255, 255, 255, 255]).Unchoke();
        one.Say(PeerMessageKind.RejectRequest, 0, 0, 16384);
        two.Have(0);
        two.Serve(8);
        Assert.Contains((0, 0), two.Asked);
        Assert.NotEqual((0, 0), two.Asked[^1]);
        if (isRefused)
            one.Say(PeerMessageKind.RejectRequest, 0, 49152, 16384);
        else
            one.Leave();
        two.Serve(8);
        Assert.Contains((0, 49152), two.Asked);
    }

    /// <summary>What was on its way when its peer choked us has crossed the link: it is kept, and the rest fetched elsewhere.</summary>
    [Fact]
    public void Download_BlockComesAfterTheChoke_IsKept()
    {
        var harness = new EngineHarness(pieces: 1);
        var one = harness.Connect(1).HaveAll().Unchoke();
        Assert.Equal(4, one.Asked.Count);
        one.Say(PeerMessageKind.Choke);
        Assert.Equal("WriteBlock", one.FateOf(one.SendBlock(0, 0)));
        for (var begin = 16384; begin < 65536; begin += 16384)
            one.Say(PeerMessageKind.RejectRequest, 0, begin, 16384);
        var two = harness.Connect(2).HaveAll().Unchoke();
        Assert.Equal([(0, 16384), (0, 32768), (0, 49152)], two.Asked);
        two.Serve();
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(0, harness.Engine.Status.WastedBytes);
    }

    [Fact]
    public void Download_PeerLeaves_ItsBlocksAreAskedElsewhereAndWhatCameStays()
    {
        var harness = new EngineHarness(pieces: 1);
        var one = harness.Connect(1).HaveAll().Unchoke();
        var two = harness.Connect(2).HaveAll().Unchoke();
        one.SendBlock(0, 0);
        one.Leave();
        Assert.Equal([(0, 16384), (0, 32768), (0, 49152)], two.Asked);
    }

    /// <summary>Goal: a stalled peer's piece moves even while other pieces are left to start. Method: of two pieces one is only at it.</summary>
    [Fact]
    public void Download_SilentPeer_IsSnubbedAndItsPieceMoves()
    {
        var harness = new EngineHarness(pieces: 2);
        var stalled = harness.Connect(1).Have(0).Unchoke();
        Assert.Equal(4, stalled.Asked.Count);
        harness.Pass(7);
        var other = harness.Connect(2).Have(0).Unchoke();
        Assert.Empty(stalled.Asked);
        Assert.Equal(4, stalled.HeardOf(PeerMessageKind.Cancel).Count());
        Assert.Equal(4, other.Asked.Count);
        Assert.Equal(PeerFault.None, stalled.Fault);
    }

    [Fact]
    public void Download_OnlyPeerStalls_IsDroppedInTheEnd()
    {
        var harness = new EngineHarness(pieces: 4);
        var peer = harness.Connect(1).HaveAll().Unchoke();
        harness.Pass(20);
        peer.Say(PeerMessageKind.KeepAlive);
        Assert.Equal(PeerFault.None, peer.Fault);
        harness.Pass(15);
        Assert.Equal(PeerFault.Stalled, peer.Fault);
    }

    /// <summary>Goal: at the end a slow peer's blocks are asked once more, and the loser gets its CANCEL at once.</summary>
    [Fact]
    public void Endgame_SlowPeer_AnotherIsAskedAndTheLoserCancelled()
    {
        var harness = new EngineHarness(pieces: 2);
        var slow = harness.Connect(1).HaveAll().Unchoke();
        var quick = harness.Connect(2).HaveAll().Unchoke();
        Assert.Equal(8, slow.Asked.Count);
        Assert.Empty(quick.Asked);
        harness.Pass(1);
        Assert.Equal(8, quick.Asked.Count);
        var (piece, begin) = quick.Asked[0];
        quick.SendBlock(piece, begin);
        Assert.Contains(slow.HeardOf(PeerMessageKind.Cancel), message => (message.Piece, message.Begin) == (piece, begin));
        quick.Serve();
        Assert.True(harness.Engine.IsComplete);
        Assert.Empty(slow.Asked);
        Assert.Equal(0, harness.Engine.Status.WastedBytes);
    }

    [Fact]
    public void Window_ReqqOfThePeer_IsKept()
    {
        var harness = new EngineHarness(pieces: 64);
        var peer = harness.Connect(1).Hello(requestQueue: 5).HaveAll().Unchoke();
        Assert.Equal(5, peer.Asked.Count);
    }

    [Fact]
    public void Window_FastPeer_DoublesPerRoundTripUpToItsQueue()
    {
        var harness = new EngineHarness(pieces: 1000);
        var peer = harness.Connect(1).Hello(requestQueue: 400).HaveAll().Unchoke();
        var served = 0;
        var sizes = new List<int>();
        for (var round = 0; round < 5; round++)
        {
            var requests = peer.Asked.Skip(served).ToList();
            sizes.Add(requests.Count);
            harness.Pass(0.05);
            foreach (var (piece, begin) in requests)
                peer.SendBlock(piece, begin);
            served += requests.Count;
        }
        Assert.Equal([32, 64, 128, 256, 400], sizes);
    }

    [Fact]
    public void Window_SlowPeer_HoldsAboutASecondsWorth()
    {
        var harness = new EngineHarness(pieces: 200);
        var peer = harness.Connect(1).HaveAll().Unchoke();
        // 20 blocks a second.
        peer.Serve(300, 0.05);
        Assert.InRange(peer.Asked.Count - 300, 10, 30);
    }

    [Fact]
    public void LateBitfieldAndHaveAll_AreTaken()
    {
        var harness = new EngineHarness();
        var peer = harness.Connect(1).Say(PeerMessageKind.HaveNone).Unchoke();
        Assert.Empty(peer.Asked);
        peer.Say(PeerMessageKind.Bitfield, payload: [0b1000_0000]);
        Assert.Equal([0], peer.Asked.Select(request => request.Piece).Distinct());
        peer.HaveAll();
        Assert.Equal(32, peer.Asked.Count);
    }

    [Fact]
    public void DontHave_PieceIsNotAskedForAnyMore()
    {
        var harness = new EngineHarness(pieces: 2);
        var peer = harness.Connect(1).HaveAll();
        peer.Say(PeerMessageKind.Extended, payload: [0, 0, 0, 1], extended: 3).Unchoke();
        Assert.Equal([0], peer.Asked.Select(request => request.Piece).Distinct());
    }
}
